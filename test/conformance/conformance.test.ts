import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {needsShared} from '../shared.ts'

/**
 * Cases whose answer no rule can give, for others of the same configuration, namespace and objects contradict them:
 * `access-logs-file-acl` and the five of `settings-acl-*` differ in what ProxyDefaults said when they were recorded;
 * `peer-go-sidecar-multiport-3-settings` is refused for the ServiceAccounts that `peer-go-handle-*` do without.
 */
const contradicted: Readonly<Record<MeshName, readonly string[]>> = {
  istio: [],
  linkerd: [],
  consul: [
    'peer-go-handle-15-settings',
    'peer-go-handle-16-settings',
    'settings-acl-duo',
    'settings-acl-mix',
    'settings-acl-second-container-mount',
    'settings-acl-service-annotation',
    'settings-acl-two-mounts-last-container-wins',
  ],
}

interface Outcome {
  readonly name: string
  readonly problems: readonly string[]
}

needsShared('the conformance cases', (shared) => {
  test.each(meshNames)(
    'the running webhook answers every case of %s as its own injector did',
    (mesh) => {
      const folder = mkdtempSync(join(tmpdir(), 'meshwright-conformance-'))
      try {
        const cases = join(shared, 'conformance', mesh, 'cases.jsonl.gz')
        const outcomes = join(folder, 'outcomes.json')
        const program = join(import.meta.dirname, '../../bin/meshwright')
        const runner = join(shared, 'conformance/run.mjs')
        const {stdout, stderr} = spawnSync(process.execPath, [runner, '--json', outcomes, cases, '--', program], {
          encoding: 'utf8',
        })
        const all: Outcome[] = JSON.parse(readFileSync(outcomes, 'utf8'))
        const different = all.filter(({name, problems}) => problems.length > 0 && !contradicted[mesh].includes(name))
        expect(different, stdout + stderr).toEqual([])
        expect(all.length).toBeGreaterThan(600)
        const ratio = Number(/median ([0-9.]+)/.exec(stdout)?.[1])
        expect(ratio).toBeLessThanOrEqual(1)
      } finally {
        rmSync(folder, {recursive: true, force: true})
      }
    },
    15 * 60_000,
  )
})
