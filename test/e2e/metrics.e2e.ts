import {once} from 'node:events'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, expect, test} from 'vitest'
import {ApplicationMesh} from '../../src/sdk/application-mesh.ts'
import {assemble} from '../../src/sdk/assemble.ts'
import {noEnvironment} from '../../src/sdk/environment.ts'
import type {ServiceMetrics} from '../../src/sdk/mesh.ts'
import {accountKubeconfig} from '../cluster/account.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {crdsIn, installCrds} from './crds.ts'
import {meshConfig, RuleCluster} from './rule-cluster.ts'

// Whose metrics are read is what the cluster's MeshConfig says, where the application may read it.

const root = join(import.meta.dirname, '..', '..')
let cluster: Cluster
let rules: RuleCluster
let prometheus: Server
const queries: string[] = []
const meshes: ApplicationMesh[] = []

beforeAll(async () => {
  cluster = await startCluster()
  rules = new RuleCluster(cluster)
  await cluster.createNamespace('shop')
  await cluster.createNamespace('billing')
  prometheus = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      queries.push(new URLSearchParams(body).get('query') ?? '')
      response.end(JSON.stringify({status: 'success', data: {resultType: 'vector', result: []}}))
    })
  }).listen(0, '127.0.0.1')
  await once(prometheus, 'listening')
})
afterAll(async () => {
  prometheus.closeAllConnections()
  prometheus.close()
  await cluster.stop()
})
afterEach(async () => {
  await Promise.all(meshes.splice(0).map((mesh) => mesh.close()))
  queries.length = 0
})

function meshOf(namespace: string, kubeconfig: string): ApplicationMesh {
  const {port} = prometheus.address() as AddressInfo
  const options = {kubeconfig, namespace, prometheus: `http://127.0.0.1:${port}`}
  const mesh = new ApplicationMesh(assemble(options, noEnvironment))
  meshes.push(mesh)
  return mesh
}

/** What a report of one process tells first, what was asked for it, and what went wrong. */
async function reportIn(namespace: string, kubeconfig = cluster.kubeconfig) {
  const mesh = meshOf(namespace, kubeconfig)
  const failures: Error[] = []
  mesh.on('error', (error) => failures.push(error))
  expect(mesh.mode).toBe('cluster')
  queries.length = 0
  const data = await new Promise<ServiceMetrics>((resolve) => {
    mesh.metrics().service('user-service').interval('50ms').report(resolve)
  })
  await mesh.close()
  return {data, asked: queries.join('\n'), failures}
}

test('without MeshConfigs they are read as those of Istio', async () => {
  const {data, asked, failures} = await reportIn('shop')
  expect(asked).toContain('istio_requests_total')
  expect(data).toMatchObject({service: 'user-service', namespace: 'shop', requests: null, window: 60_000})
  expect(failures).toEqual([])
})

test('they are read as those of the mesh that the MeshConfig of the namespace names', async () => {
  await installCrds(cluster, await crdsIn(join(root, 'manifests/crd')))
  await rules.apply(meshConfig({mesh: {type: 'linkerd'}}), meshConfig({mesh: {type: 'consul'}}, 'other'))
  expect((await reportIn('shop')).asked).toContain('response_latency_ms_bucket')
  const label = ['label', 'namespace', 'billing', 'meshwright.dev/config=other']
  expect(await cluster.kubectl(label)).toMatchObject({code: 0})
  const {asked, failures} = await reportIn('billing')
  expect(asked).toContain('envoy_http_downstream_rq_xx')
  expect(asked).not.toContain('response_latency_ms_bucket')
  expect(failures).toEqual([])
})

test('an application that may not read it is told so once, and what to say instead', async () => {
  await rules.apply({apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'user-service', namespace: 'shop'}})
  const {asked, failures} = await reportIn('shop', await accountKubeconfig(cluster, 'shop', 'user-service'))
  expect(asked).toContain('istio_requests_total')
  expect(failures).toEqual([expect.objectContaining({code: 'MESH_PERMISSION'})])
  expect(failures[0]?.message).toMatch(/MeshConfig default may not be read; say prometheus\.mesh or MESHWRIGHT_MESH/)
})

test('while the API server does not answer they are an error', async () => {
  const text = (await readFile(cluster.kubeconfig, 'utf8')).replaceAll(cluster.url, 'https://127.0.0.1:1')
  const kubeconfig = join(cluster.dir, 'nobody.kubeconfig')
  await writeFile(kubeconfig, text)
  const mesh = meshOf('shop', kubeconfig)
  const failure = new Promise<Error>((resolve) => mesh.once('error', resolve))
  mesh
    .metrics()
    .service('user-service')
    .interval('50ms')
    .report(() => {})
  expect(await failure).toMatchObject({code: 'MESH_UNAVAILABLE'})
  expect(queries).toEqual([])
})
