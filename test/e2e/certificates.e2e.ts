import {X509Certificate} from 'node:crypto'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {parse} from 'yaml'
import {z} from 'zod'
import {everyCertificate} from '../../src/certs/bundle.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {root} from './command.ts'
import {controllerKubeconfig, ControllerProcess, installController, ownNamespace} from './controller.ts'
import {underLoad} from './load.ts'
import {Proxy} from './proxy.ts'
import {outerAddress, Replica} from './replica.ts'

// The controller keeps the webhook's certificates: three replicas behind a Service, their files as a kubelet writes them, and
// the API server calls them as it does in any cluster.

const name = 'meshwright-webhook'
const servername = `${name}.${ownNamespace}.svc`
const margins = ['--bundle-settle', '2s', '--secret-propagation', '20s']
// A lease of a second is lost where the machine has a lot to do.
const settings = ['--webhook-configuration', name, ...margins, '--lease-duration', '4s']
const concurrency = 10

const REGISTRATION = z.looseObject({
  metadata: z.looseObject({
    managedFields: z.array(z.looseObject({manager: z.string(), fieldsV1: z.unknown()})).default([]),
  }),
  webhooks: z.array(
    z.looseObject({timeoutSeconds: z.number(), clientConfig: z.looseObject({caBundle: z.string().default('')})}),
  ),
})
const SECRET = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  type: z.string(),
  data: z.record(z.string(), z.string()).default({}),
})

let cluster: Cluster
let proxy: Proxy
let kubeconfig = ''
let controllers: ControllerProcess[] = []
const replicas: Replica[] = []

beforeAll(async () => {
  cluster = await startCluster({apiServerArgs: ['--enable-aggregator-routing=true']})
  await installController(cluster)
  proxy = await Proxy.start(cluster)
  kubeconfig = await controllerKubeconfig(cluster, proxy)
  await cluster.createNamespace('load')
  await register()
  controllers = [start(), start()]
})

afterAll(async () => {
  if (process.env['KEEP_LOGS'] !== undefined)
    for (const [i, {log}] of controllers.entries()) writeFileSync(`/tmp/certs/controller-${i}.log`, log)
  for (const replica of replicas) await replica.end()
  for (const controller of controllers) expect(await controller.end()).toBe(0)
  proxy.stop()
  await cluster.stop()
})

const start = (...args: string[]) => ControllerProcess.start(cluster, kubeconfig, [...settings, ...args])

async function apply(...objects: readonly object[]): Promise<void> {
  const stdin = JSON.stringify({apiVersion: 'v1', kind: 'List', items: objects})
  const {code, stderr} = await cluster.kubectl(['apply', '-f', '-'], {stdin})
  expect(code, stderr).toBe(0)
}

/** As the installation registers it: without caBundle. */
async function register(): Promise<void> {
  const manifest = z
    .looseObject({webhooks: z.array(z.looseObject({clientConfig: z.unknown()}))})
    .parse(parse(readFileSync(join(root, 'manifests/kustomize/base/registration.yaml'), 'utf8')))
  const service = {name, namespace: ownNamespace, path: '/mutate', port: 443}
  const webhooks = manifest.webhooks.map((webhook) => ({...webhook, clientConfig: {service}}))
  const ports = [{name: 'https', port: 443, targetPort: 8443}]
  await apply(
    {...manifest, metadata: {name}, webhooks},
    {apiVersion: 'v1', kind: 'Service', metadata: {name, namespace: ownNamespace}, spec: {ports}},
  )
}

/** A slice for each replica: they share an address and differ in their ports. */
async function serveBy(...serving: readonly Replica[]): Promise<void> {
  await apply(
    ...serving.map(({port}, index) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${index}`,
        namespace: ownNamespace,
        labels: {'kubernetes.io/service-name': name},
      },
      addressType: 'IPv4',
      endpoints: [{addresses: [outerAddress()], conditions: {ready: true}}],
      ports: [{name: 'https', port, protocol: 'TCP'}],
    })),
  )
}

async function registration(): Promise<z.infer<typeof REGISTRATION>> {
  const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${name}`
  return REGISTRATION.parse((await cluster.api.request('GET', path)).body)
}

async function bundle(): Promise<string> {
  const [webhook] = (await registration()).webhooks
  return Buffer.from(webhook?.clientConfig.caBundle ?? '', 'base64').toString()
}

async function secret(of: string): Promise<z.infer<typeof SECRET> | undefined> {
  const {status, body} = await cluster.api.request('GET', `/api/v1/namespaces/${ownNamespace}/secrets/${of}`)
  return status === 200 ? SECRET.parse(body) : undefined
}

async function textOf(of: string, key: string): Promise<string> {
  return Buffer.from((await secret(of))?.data[key] ?? '', 'base64').toString()
}

const serialOf = (pem: string) => everyCertificate(pem)[0]?.serialNumber ?? ''

/** Every replica serves the certificate in the Secret, its signer alone is trusted, and nothing is under way. */
function steady(what: string, timeout = 60_000): Promise<string> {
  return cluster.until(`${what}: everything to be in its place`, timeout, async () => {
    const [leaf, signer, next] = await Promise.all([
      textOf('meshwright-webhook-tls', 'tls.crt'),
      textOf('meshwright-ca', 'tls.crt'),
      textOf('meshwright-ca', 'next.crt'),
    ])
    const trusted = everyCertificate(await bundle()).map(({serialNumber}) => serialNumber)
    if (next !== '' || trusted.join() !== serialOf(signer) || leaf === '') return undefined
    const [certificate] = everyCertificate(leaf)
    if (certificate?.verify(new X509Certificate(signer).publicKey) !== true) return undefined
    for (const replica of replicas) {
      if ((await replica.servedTo(signer, servername)) !== serialOf(leaf)) return undefined
    }
    return serialOf(leaf)
  })
}

/** As a user asks for it. */
export async function rotate(...args: readonly string[]): Promise<void> {
  const {code, stderr} = await cluster.kubectl([
    'annotate',
    '--overwrite',
    '-n',
    ownNamespace,
    'secret',
    args.includes('--ca') ? 'meshwright-ca' : 'meshwright-webhook-tls',
    `meshwright.dev/rotate=${process.hrtime.bigint()}`,
  ])
  expect(code, stderr).toBe(0)
}

/**
 * Creates pods all the time, and asks every replica for its certificate over new connections, trusting what the
 * registration has at that moment and nothing else.
 */
async function watched(during: () => Promise<void>): Promise<void> {
  const [over, untrusted] = [new AbortController(), new Set<string>()]
  let handshakes = 0
  const asking = (async () => {
    while (!over.signal.aborted) {
      const ca = await bundle()
      for (const replica of replicas) {
        await replica.servedTo(ca, servername).then(
          () => handshakes++,
          (error: unknown) => untrusted.add(`${replica.port}: ${String(error)}`),
        )
      }
      await sleep(20)
    }
  })()
  try {
    const {injected, failed} = await underLoad(cluster, 'load', concurrency, during)
    expect(failed).toEqual([])
    expect(injected).toBeGreaterThan(concurrency)
  } finally {
    over.abort()
    await asking
  }
  expect([...untrusted]).toEqual([])
  expect(handshakes).toBeGreaterThan(replicas.length)
}

test('from nothing: an authority, a certificate for the Service, caBundle, and pods get their sidecars', async () => {
  for (let i = 0; i < 3; i++) {
    replicas.push(await Replica.start(cluster, {namespace: ownNamespace, name: 'meshwright-webhook-tls'}, ['load']))
  }
  await serveBy(...replicas)
  await steady('the start')
  await watched(() => sleep(1000))
  expect((await secret('meshwright-webhook-tls'))?.type).toBe('kubernetes.io/tls')
  const [leaf] = everyCertificate(await textOf('meshwright-webhook-tls', 'tls.crt'))
  for (const host of [servername, `${servername}.cluster.local`, name]) expect(leaf?.checkHost(host)).toBe(host)
  expect(leaf?.checkHost('elsewhere.example')).toBeUndefined()
  const days = ((leaf?.validToDate.getTime() ?? 0) - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(6.9)
  expect(days).toBeLessThan(7.1)
})
