import {spawnSync} from 'node:child_process'

const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** Binds every thread of a process to one core, or to all again; false where the system cannot. */
export function pin(pid: number, cores: string): boolean {
  return canPin && spawnSync('taskset', ['-acp', cores, String(pid)]).status === 0
}
