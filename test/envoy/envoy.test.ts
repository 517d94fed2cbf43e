import {mkdir} from 'node:fs/promises'
import {homedir, networkInterfaces} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {configurationSchema} from '../../src/config/schema.ts'
import {istio} from '../../src/mesh/istio/index.ts'
import type {Container, Pod} from '../../src/mesh/pod.ts'
import {withLock} from '../cluster/lock.ts'
import {clusterType, listenerType, startDiscovery, type Discovery} from './discovery.ts'
import {installEnvoy, versions} from './install.ts'
import {processOf, type Process} from './kubelet.ts'
import {eventually, listens, startProxy, status, validate, type Proxy} from './proxy.ts'

/*
 * The sidecar of a plain Envoy, started by a real Envoy exactly as the kubelet would start the container. The sample
 * configuration names Envoy 1.25, which no package carries: that version itself is not run here, but every field of the
 * bootstrap is held to its definitions (src/mesh/istio/envoy/bootstrap.test.ts).
 */

const image = 'envoyproxy/envoy:v1.25.0'
const placement = {podIP: '10.1.2.3', nodeName: 'node-1', namespace: 'shop', name: 'order-service-5d4f8b6c7-x2v9p'}
const objects = {get: () => undefined, namespace: () => undefined}
const shopPod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    generateName: 'order-service-5d4f8b6c7-',
    labels: {app: 'order-service', version: 'v1', 'pod-template-hash': '5d4f8b6c7'},
    ownerReferences: [
      {apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'order-service-5d4f8b6c7', uid: 'u', controller: true},
    ],
  },
  spec: {
    serviceAccountName: 'order-service',
    containers: [
      {
        name: 'order-service',
        image: 'shop/order-service:1.0.0',
        ports: [{name: 'http', containerPort: 8080}],
        readinessProbe: {httpGet: {path: '/healthz', port: 'http'}},
      },
    ],
  },
}

/** The sidecar container that this configuration gives the pod. */
function sidecar(mesh: object, pod: Pod = shopPod): Container {
  const resolved = istio.resolve(configurationSchema.parse({mesh: {sidecarImage: image, ...mesh}}), objects)
  if (!resolved.ok) throw new Error(resolved.problems[0]?.message)
  const namespace = {name: placement.namespace, labels: {}, annotations: {}}
  const injection = resolved.injector.inject({pod, namespace, objects, overrides: {}})
  if (injection.outcome !== 'injected') throw new Error(`the pod was ${injection.outcome}`)
  const {containers, initContainers = []} = injection.pod.spec
  const proxy = [...initContainers, ...containers].find(({name}) => name === 'istio-proxy')
  if (proxy === undefined) throw new Error('the pod has no sidecar')
  return proxy
}

function processFor(mesh: object, pod?: Pod): Process {
  const container = sidecar(mesh, pod)
  expect(container).toMatchObject({image, command: ['envoy']})
  return processOf(container, pod ?? shopPod, placement)
}

const sample = {
  autoInject: true,
  injectionNamespace: 'default',
  telemetry: {enabled: true, samplingRate: 0.1},
  sidecar: {
    resources: {limits: {cpu: '500m', memory: '256Mi'}, requests: {cpu: '100m', memory: '128Mi'}},
    proxy: {config: {accessLogFile: '/dev/stdout', statNameLength: 189, enableProfiling: false}},
  },
}

const programs = await Promise.all(
  versions.map(async (version) => {
    const found = await installEnvoy(version)
    if ('missing' in found) process.stderr.write(`skipped: ${found.missing}\n`)
    return {version, program: 'program' in found ? found.program : undefined}
  }),
)

// The sidecar's ports are fixed, so whoever else runs these tests on this machine waits.
let release: () => void = () => undefined
let released: Promise<void> = Promise.resolve()
beforeAll(async () => {
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'meshwright', 'envoy')
  await mkdir(folder, {recursive: true})
  await new Promise<void>((locked) => {
    released = withLock(
      join(folder, 'ports.lock'),
      () => undefined,
      () =>
        new Promise<void>((resolve) => {
          release = resolve
          locked()
        }),
    )
  })
}, 300_000)
afterAll(async () => {
  release()
  await released
})

/** What the container's readiness probe gets once the discovery server answers. */
async function becomesReady(answering: Discovery): Promise<number | undefined> {
  answering.answer(clusterType)
  answering.answer(listenerType)
  return eventually(
    () => status('http://127.0.0.1:15021/healthz/ready'),
    (code) => code === 200,
  )
}

function answers(port: number, paths: readonly string[], method = 'GET'): Promise<(number | undefined)[]> {
  return Promise.all(paths.map((path) => status(`http://127.0.0.1:${port}${path}`, method)))
}

async function profile(): Promise<(number | undefined)[]> {
  const cpu = await answers(15000, ['/cpuprofiler?enable=n', '/heapprofiler?enable=n'], 'POST')
  return [...cpu, ...(await answers(15000, ['/heap_dump', '/contention']))]
}

describe.each(programs)('Envoy $version', ({program = ''}) => {
  if (program === '') {
    test.skip('is not installed', () => undefined)
    return
  }

  let discovery: Discovery | undefined
  let proxy: Proxy | undefined
  afterEach(async () => {
    await proxy?.stop()
    discovery?.close()
    proxy = undefined
    discovery = undefined
  })

  /** Starts the sidecar beside a discovery server that answers nothing yet. */
  async function start(mesh: object, pod?: Pod): Promise<Discovery> {
    discovery = await startDiscovery()
    const address = {controlPlane: {address: '127.0.0.1', port: discovery.port}}
    proxy = startProxy(program, processFor({...mesh, ...address}, pod))
    return discovery
  }

  test.each([
    ['the sample', sample],
    ['OTLP traces', {tracing: {enabled: true, endpoint: 'otel-collector.observability:4317'}}],
    ['Zipkin traces', {tracing: {enabled: true, endpoint: 'zipkin.istio-system:9411'}}],
    ['profiling', {sidecar: {proxy: {config: {enableProfiling: true}}}}],
    ['no telemetry', {telemetry: {enabled: false}}],
    ['IPv6', {istio: {values: {ipFamilies: ['IPv6']}}}],
    ['both IP families', {istio: {values: {pilot: {env: {ISTIO_DUAL_STACK: 'true'}}}}}],
  ])('takes the bootstrap: %s', async (_, mesh) => {
    const {code, output} = await validate(program, processFor(mesh))
    expect(output).not.toContain('unknown')
    expect({code, output}).toMatchObject({code: 0, output: expect.stringContaining('OK')})
  })

  test('asks istiod for clusters, then for listeners, as the workload that it is', async () => {
    const server = await start(sample)
    const request = await server.asked(clusterType)
    expect(request.node).toMatchObject({
      id: 'sidecar~10.1.2.3~order-service-5d4f8b6c7-x2v9p.shop~shop.svc.cluster.local',
      cluster: 'order-service.shop',
      metadata: {
        NAME: 'order-service-5d4f8b6c7-x2v9p',
        NAMESPACE: 'shop',
        CLUSTER_ID: 'Kubernetes',
        MESH_ID: 'cluster.local',
        ISTIO_VERSION: '1.31.0',
        INSTANCE_IPS: '10.1.2.3',
        INTERCEPTION_MODE: 'REDIRECT',
        WORKLOAD_NAME: 'order-service',
        OWNER: 'kubernetes://apis/apps/v1/namespaces/shop/deployments/order-service',
        SERVICE_ACCOUNT: 'order-service',
        NODE_NAME: 'node-1',
        APP_CONTAINERS: 'order-service',
        LABELS: {
          app: 'order-service',
          version: 'v1',
          'security.istio.io/tlsMode': 'disabled',
          'service.istio.io/canonical-name': 'order-service',
          'service.istio.io/canonical-revision': 'v1',
        },
        PROXY_CONFIG: {tracing: {sampling: 10}},
      },
    })
    expect(server.requests.map(({typeUrl}) => typeUrl)).not.toContain(listenerType)
    server.answer(clusterType)
    await server.asked(listenerType)
  })

  test('is ready once istiod has answered for clusters and listeners, and not before', async () => {
    const server = await start(sample)
    await server.asked(clusterType)
    expect(await status('http://127.0.0.1:15021/healthz/ready')).not.toBe(200)
    server.answer(clusterType)
    await server.asked(listenerType)
    expect(await status('http://127.0.0.1:15021/healthz/ready')).not.toBe(200)
    expect(await becomesReady(server)).toBe(200)
    expect(server.requests.flatMap(({error}) => error ?? [])).toStrictEqual([])
  })

  test('serves one path on each of its open ports, and its admin interface to the pod alone', async () => {
    expect(await becomesReady(await start(sample))).toBe(200)
    expect(await answers(15090, ['/stats/prometheus', '/stats/prometheus?usedonly'])).toStrictEqual([200, 200])
    const others = ['/', '/ready', '/config_dump', '/stats/prometheus/../../ready', '/quitquitquit', '/healthz/ready/x']
    expect(await answers(15090, others)).toStrictEqual(others.map(() => 404))
    expect(await answers(15021, others)).toStrictEqual(others.map(() => 404))
    expect(await answers(15090, ['/quitquitquit'], 'POST')).toStrictEqual([404])
    expect(await answers(15021, ['/quitquitquit'], 'POST')).toStrictEqual([404])
    expect(await answers(15000, ['/ready', '/config_dump', '/clusters'])).toStrictEqual([200, 200, 200])

    const outside = Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses.flatMap(({address, family, internal}) => (internal || family !== 'IPv4' ? [] : [address])),
    )
    for (const address of ['127.0.0.2', ...outside]) {
      const open = await Promise.all([15000, 15021, 15090].map((port) => listens(address, port)))
      expect({address, open}).toStrictEqual({address, open: [false, true, true]})
    }
  })

  test('profiles only where the configuration says so', async () => {
    expect(await becomesReady(await start(sample))).toBe(200)
    expect(await profile()).toStrictEqual([404, 404, 404, 404])
    await proxy?.stop()
    discovery?.close()
    const profiling = {sidecar: {proxy: {config: {enableProfiling: true}}}}
    expect(await becomesReady(await start(profiling))).toBe(200)
    expect(await profile()).not.toContain(404)
  })

  test('without telemetry nobody serves metrics', async () => {
    expect(await becomesReady(await start({telemetry: {enabled: false}}))).toBe(200)
    expect(await listens('127.0.0.1', 15090)).toBe(false)
  })

  test('logs who reads its metrics where an access log is asked for', async () => {
    expect(await becomesReady(await start(sample))).toBe(200)
    await status('http://127.0.0.1:15090/stats/prometheus?usedonly')
    const output = await eventually(
      () => Promise.resolve(proxy?.output() ?? ''),
      (text) => text.includes('usedonly'),
    )
    expect(output).toContain('GET /stats/prometheus?usedonly HTTP/1.1')
  })

  test('labels of a tenant reach istiod as they are and change nothing else', async () => {
    const hostile = {
      app: 'x", "metadata": {"NAMESPACE": "kube-system"}, "y": "',
      version: '$(POD_NAME)',
      'a": {"b': '# $$(POD_NAME) ${HOME} *alias &anchor !!int',
      [`k${'"'.repeat(700)}`]: '\n---\nadmin: {}\n',
    }
    const pod = {...shopPod, metadata: {...shopPod.metadata, labels: hostile}}
    const server = await start(sample, pod)
    const {node} = await server.asked(clusterType)
    expect(node).toMatchObject({
      id: 'sidecar~10.1.2.3~order-service-5d4f8b6c7-x2v9p.shop~shop.svc.cluster.local',
      cluster: `${hostile.app}.shop`,
      metadata: {NAMESPACE: 'shop', LABELS: hostile},
    })
    expect(Object.keys(node ?? {})).toStrictEqual(['id', 'cluster', 'metadata'])
    expect(await becomesReady(server)).toBe(200)
    expect(await listens('127.0.0.2', 15000)).toBe(false)
  })
})
