import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import type {LoadResult} from './load.ts'
import {formatProblems} from './problem.ts'
import {loadFiles, watchConfiguration} from './watch.ts'

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'config-'))
})
afterEach(() => rm(cwd, {recursive: true, force: true}))

const io = (stdin = '') => ({cwd, stdin: Readable.from([Buffer.from(stdin)])})

/** The mesh that a result stands for, or its problems. */
function told(result: LoadResult): string {
  const resolution = result.ok ? result.loaded.resolve() : result
  return resolution.ok ? String(resolution.resolved.configuration.mesh.type) : formatProblems(resolution.problems)
}

describe('configuration files', () => {
  test('are read in turn, standard input among them', async () => {
    await writeFile(join(cwd, 'mesh.yaml'), 'mesh: {type: linkerd}')
    expect(told(await loadFiles(['mesh.yaml'], io()))).toBe('linkerd')
    expect(told(await loadFiles(['mesh.yaml', '-'], io('mesh: {type: consul}')))).toBe('consul')
    expect(told(await loadFiles([], io()))).toBe('istio')
  })

  test('that cannot be read are named, with the reason', async () => {
    await writeFile(join(cwd, 'binary.yaml'), Buffer.from([0xff, 0xfe, 0x00]))
    await writeFile(join(cwd, 'large.yaml'), `# ${'x'.repeat(2 * 1024 * 1024)}`)
    expect(told(await loadFiles(['missing.yaml', '.', 'binary.yaml', 'large.yaml'], io())).split('\n')).toEqual([
      'MW4001 cannot read missing.yaml: there is no such file',
      'MW4001 cannot read .: it is a directory',
      'MW4001 cannot read binary.yaml: it is not UTF-8 text',
      'MW4001 cannot read large.yaml: it is larger than 1 MiB',
    ])
  })

  test('are read anew when they change; a bad one is told and leaves the next good one to come', async () => {
    const file = join(cwd, 'mesh.yaml')
    await writeFile(file, 'mesh: {type: linkerd}')
    const results: string[] = []
    const watch = watchConfiguration(['mesh.yaml'], io(), (result) => results.push(told(result)), {settle: 20})
    try {
      for (const [text, outcome] of [
        ['mesh: {type: consul}', 'consul'],
        ['mesh: {typ: istio}', 'mesh.yaml:1:8 MW4003 unknown key mesh.typ; did you mean type?'],
        ['mesh: {type: istio}', 'istio'],
      ] as const) {
        await writeFile(file, text)
        await vi.waitFor(() => expect(results.at(-1)).toBe(outcome), {timeout: 5000, interval: 10})
      }
    } finally {
      watch.close()
    }
  })
})
