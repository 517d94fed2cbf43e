import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {meshNames} from '../../src/mesh/mesh.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {meshwright, root} from './command.ts'

// Whether the API server takes what we make, field by field, without a webhook in between.

const shop = 'examples/shop'
let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster()
  // Applied, so that kubectl has nothing to warn of when it is applied again.
  const {code, stderr} = await cluster.kubectl(['apply', '-f', join(root, shop, '00-namespace.yaml')])
  expect(code, stderr).toBe(0)
})

afterAll(async () => {
  await cluster.stop()
})

describe.each(meshNames)("the shop's manifests with %s's sidecars", (mesh) => {
  test.each(['the base', 'development', 'staging', 'production'])('are taken without a warning: %s', async (name) => {
    const environment = name === 'the base' ? [] : ['--env', name]
    const files = ['-f', shop, '--config', `${shop}/mesh.yaml`]
    const stdin = await meshwright(['inject', ...files, '--mesh', mesh, ...environment])
    const args = ['apply', '--dry-run=server', '--validate=strict', '-f', '-']
    const {code, stdout, stderr} = await cluster.kubectl(args, {stdin})
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(stdout.match(/^deployment\.apps.*created \(server dry run\)$/gm)).toHaveLength(6)
  })
})

const GOLDEN = z.object({
  result: z
    .looseObject({
      kind: z.string().optional(),
      metadata: z.looseObject({namespace: z.string().optional()}),
      spec: z.looseObject({serviceAccountName: z.string().optional(), containers: z.array(z.unknown()).optional()}),
    })
    .optional(),
})

/** Pods that the API server refuses for what they say themselves, and why. */
const refused: ReadonlyMap<string, RegExp> = new Map([
  // Keys such as no annotation may have, for the escaping in patches.
  ['base-unicode-and-escapes.json', /metadata.annotations: Invalid value: \\"example.com\/note~with\/slash\\"/],
])

describe.each(meshNames)("what %s's own injector made of a pod", (mesh) => {
  const folder = join(root, 'test/golden', mesh)
  const goldens = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const {result} = GOLDEN.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')))
      return result?.spec.containers === undefined ? [] : [{file, result}]
    })

  test('is there to try', () => {
    expect(goldens.length).toBeGreaterThan(10)
  })

  test.each(goldens)('is taken: $file', async ({file, result}) => {
    const namespace = result.metadata.namespace ?? 'shop'
    await ensure(`/api/v1/namespaces`, {metadata: {name: namespace}})
    const name = result.spec.serviceAccountName ?? 'default'
    await ensure(`/api/v1/namespaces/${namespace}/serviceaccounts`, {metadata: {name}})
    const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`
    const {status, body} = await cluster.api.request('POST', path, result)
    const reason = refused.get(file)
    expect({file, status, body: status === 201 ? '' : JSON.stringify(body)}).toEqual(
      reason === undefined ? {file, status: 201, body: ''} : {file, status: 422, body: expect.stringMatching(reason)},
    )
  })
})

async function ensure(path: string, object: object): Promise<void> {
  const {status, body} = await cluster.api.request('POST', path, object)
  if (status !== 201 && status !== 409) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`)
}
