import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'

const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** The words that start a program on core 0, where the system can pin it. */
export function onFirstCore(words: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', '0', ...words] : words
}

/** Binds every thread of a process to one core, or to all again; false where the system cannot. */
export function pin(pid: number, cores: string): boolean {
  return canPin && spawnSync('taskset', ['-acp', cores, String(pid)]).status === 0
}

/** Resident memory in MiB; NaN where the system does not tell. */
export function residentMiB(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}

/** Processor time of all threads of a process since it was started; NaN where the system does not tell. */
export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return Number.NaN
  }
}

/** Ticks of all cores since the machine was started, and those of them that its host gave to others; NaN where the system does not tell. */
export function machineTicks(): {readonly all: number; readonly stolen: number} {
  try {
    const [, ...fields] = /^cpu .*/.exec(readFileSync('/proc/stat', 'utf8'))?.[0].split(/ +/) ?? []
    // What comes after `steal`, guests, is counted in `user` already.
    const ticks = fields.slice(0, 8).map(Number)
    return {all: ticks.reduce((sum, each) => sum + each, 0), stolen: ticks[7] ?? Number.NaN}
  } catch {
    return {all: Number.NaN, stolen: Number.NaN}
  }
}
