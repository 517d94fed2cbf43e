import {mkdir, writeFile} from 'node:fs/promises'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parseAllDocuments} from 'yaml'
import {meshNames} from '../../src/mesh/mesh.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {folder, inputs, rendering} from '../golden/rules/inputs.ts'
import {needsShared} from '../shared.ts'
import {meshwright, root} from './command.ts'

interface Document {
  readonly kind: string
  readonly metadata: {readonly namespace?: string}
  readonly spec?: unknown
}

const dryRun = ['apply', '--dry-run=server', '--validate=strict']

needsShared("the meshes' own CRDs on a real API server", (shared) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
    for (const crds of [
      ['-R', '-f', join(shared, 'crds')],
      ['-k', join(root, 'manifests/crd')],
    ]) {
      const {code, stderr} = await cluster.kubectl(['apply', '--server-side', ...crds])
      expect(code, stderr).toBe(0)
    }
    const established = ['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']
    const waited = await cluster.kubectl(established, {timeoutMs: 90_000})
    expect(waited.code, waited.stderr).toBe(0)
    // Consul's is where what counts for the whole mesh goes.
    for (const name of ['shop', 'front', 'team-a']) await cluster.createNamespace(name)
  })
  afterAll(async () => {
    await cluster.stop()
  })

  test('the rules themselves are taken, but for those that render refuses for their own words', async () => {
    const files = join(cluster.dir, 'inputs')
    await mkdir(files)
    for (const {name, text} of inputs) await writeFile(join(files, `${name}.yaml`), text)
    const {stderr} = await cluster.kubectl([...dryRun, '-f', files], {timeoutMs: 170_000})
    const refused = inputs.filter((input) => {
      const {findings} = rendering(input, 'istio')
      return findings.some(({code}) => code === 'MW6005')
    })
    const named = [...stderr.matchAll(/"[^"]*\/(\d+-[a-z-]+)\.yaml"/g)].map(([, name]) => name)
    expect([...new Set(named)], stderr).toEqual(refused.map(({name}) => name))
  })

  describe.each(meshNames)('what rules become on %s', (mesh) => {
    test('is taken without a warning: every golden', async () => {
      const files = join(cluster.dir, `goldens-${mesh}`)
      await mkdir(files)
      let count = 0
      for (const {name} of inputs) {
        const documents = wholeObjects(readFileSync(join(folder, name, `${mesh}.yaml`), 'utf8'))
        count += documents.length
        const items = {apiVersion: 'v1', kind: 'List', items: documents}
        await writeFile(join(files, `${name}.json`), JSON.stringify(items))
      }
      expect(count).toBeGreaterThan(100)
      const {code, stdout, stderr} = await cluster.kubectl([...dryRun, '-f', files], {timeoutMs: 170_000})
      expect({code, stderr}).toEqual({code: 0, stderr: ''})
      expect(stdout.trim().split('\n')).toHaveLength(count)
    })

    test.each(['the base', 'development', 'staging', 'production'])("is taken: the shop's, %s", async (name) => {
      const environment = name === 'the base' ? [] : ['--env', name]
      const stdin = await meshwright(['render', '-f', 'examples/shop', '--mesh', mesh, ...environment])
      expect(stdin).not.toBe('')
      const {code, stderr} = await cluster.kubectl([...dryRun, '-f', '-'], {stdin})
      expect({code, stderr}).toEqual({code: 0, stderr: ''})
    })
  })
})

/** The objects of a golden without the annotations for Services that its input does not hold. */
function wholeObjects(text: string): readonly Document[] {
  return parseAllDocuments(text, {version: '1.1'})
    .map((document): Document | null => document.toJS())
    .filter((document) => document !== null)
    .filter(({kind, spec}) => kind !== 'Service' || spec !== undefined)
}
