import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {annotationsOf, creationOf, patchOf, podWrites} from './audit.ts'
import {lostOf} from './lost.ts'
import {list, pod, shopIn, workload, type Manifest} from './manifests.ts'
import {containerNames, podsIn, settledPods, type StoredPod} from './pods.ts'
import {Webhook} from './webhook.ts'

// What becomes of real workloads: kubectl and the controllers create them, and the assertions are on what the API server stored.

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({audit: 'RequestResponse'})
})

afterAll(async () => {
  await cluster.stop()
})

/** Of a mesh: where its own injector puts what it adds among the pod's own init containers and containers. */
interface Place {
  readonly proxy: string
  readonly init: (own: readonly string[], native: boolean) => readonly string[]
  readonly containers: (own: readonly string[], native: boolean) => readonly string[]
  /** True where the proxy is a native sidecar unless the pod says otherwise. */
  readonly native: boolean
  /** How a tenant of this mesh opts a pod in and out, and a namespace in where the mesh knows that. */
  readonly optIn: {readonly label?: object; readonly annotation?: object}
  readonly optOut: {readonly label?: object; readonly annotation?: object}
  readonly namespace?: {labels?: Record<string, string>; annotations?: Record<string, string>}
}

const places: Readonly<Record<MeshName, Place>> = {
  istio: {
    proxy: 'istio-proxy',
    init: (own) => ['istio-init', 'istio-proxy*', ...own],
    containers: (own) => own,
    native: true,
    optIn: {label: {'sidecar.istio.io/inject': 'true'}},
    optOut: {label: {'sidecar.istio.io/inject': 'false'}},
    namespace: {labels: {'istio-injection': 'enabled'}},
  },
  linkerd: {
    proxy: 'linkerd-proxy',
    init: (own) => ['linkerd-init', 'linkerd-proxy*', ...own],
    containers: (own) => own,
    native: true,
    optIn: {annotation: {'linkerd.io/inject': 'enabled'}},
    optOut: {annotation: {'linkerd.io/inject': 'disabled'}},
    namespace: {annotations: {'linkerd.io/inject': 'enabled'}},
  },
  consul: {
    proxy: 'consul-dataplane',
    init: (own, native) => [...own, 'consul-connect-inject-init', ...(native ? ['consul-dataplane*'] : [])],
    containers: (own, native) => (native ? own : ['consul-dataplane', ...own]),
    native: false,
    optIn: {annotation: {'consul.hashicorp.com/connect-inject': 'true'}},
    optOut: {annotation: {'consul.hashicorp.com/connect-inject': 'false'}},
  },
}

async function kubectl(...args: readonly string[]): Promise<string> {
  const {code, stdout, stderr} = await cluster.kubectl(args)
  expect(code, stderr).toBe(0)
  return stdout
}

async function apply(namespace: string, ...objects: readonly object[]): Promise<string> {
  const {code, stdout, stderr} = await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], {stdin: list(objects)})
  expect(code, stderr).toBe(0)
  return stdout
}

/** The pod of that name. */
async function stored(namespace: string, name: string): Promise<StoredPod> {
  const found = (await podsIn(cluster, namespace)).find(({metadata}) => metadata.name === name)
  if (found === undefined) throw new Error(`there is no pod ${name} in ${namespace}`)
  return found
}

async function create(namespace: string, metadata: object, spec?: object): Promise<StoredPod> {
  const {status, body} = await cluster.api.request('POST', `/api/v1/namespaces/${namespace}/pods`, pod(metadata, spec))
  expect(status, JSON.stringify(body)).toBe(201)
  return stored(namespace, z.object({metadata: z.object({name: z.string()})}).parse(body).metadata.name)
}

async function decisionOn(namespace: string, {metadata}: StoredPod): Promise<Readonly<Record<string, string>>> {
  return annotationsOf(await creationOf(cluster, namespace, metadata.uid))
}

const NAMED = z.array(z.object({name: z.string()})).default([])
const TEMPLATE = z.object({spec: z.object({initContainers: NAMED, containers: NAMED})})
const CRON_JOB = z.object({spec: z.object({jobTemplate: z.object({spec: z.object({template: TEMPLATE})})})})
const LABELS = z.object({metadata: z.object({labels: z.object({app: z.string()})})})

/** The containers that the shop's manifests give the pods with this label. */
function ownContainers(app: string): {init: string[]; containers: string[]} {
  for (const object of shopIn('')) {
    if (!LABELS.safeParse(object).success || LABELS.parse(object).metadata.labels.app !== app) continue
    const template = CRON_JOB.safeParse(object)
    const found = template.success
      ? template.data.spec.jobTemplate.spec.template
      : z.object({spec: z.object({template: TEMPLATE})}).safeParse(object).data?.spec.template
    if (found === undefined) continue
    const names = (containers: readonly {name: string}[]) => containers.map(({name}) => name)
    return {init: names(found.spec.initContainers), containers: names(found.spec.containers)}
  }
  return {init: [], containers: ['app']}
}

/** How many pods the Deployments among these have. */
function replicasOf(objects: readonly Manifest[]): number {
  const DEPLOYMENT = z.object({kind: z.literal('Deployment'), spec: z.object({replicas: z.number()})})
  return objects.reduce((sum, object) => sum + (DEPLOYMENT.safeParse(object).data?.spec.replicas ?? 0), 0)
}

describe.each(meshNames)('%s', (mesh) => {
  const place = places[mesh]
  const shop = `${mesh}-shop`
  const outside = `${mesh}-outside`
  let webhook: Webhook

  const expectSidecar = (found: StoredPod, native = place.native) => {
    const own = ownContainers(found.metadata.labels['app'] ?? '')
    expect(containerNames(found)).toEqual({
      init: place.init(own.init, native),
      containers: place.containers(own.containers, native),
    })
  }
  const expectNone = (found: StoredPod) => {
    expect(containerNames(found)).toEqual({init: [], containers: ['app']})
  }

  beforeAll(async () => {
    webhook = await Webhook.start(cluster, mesh, {mesh: {injectionNamespace: [shop, `${mesh}-unheard`]}})
    await webhook.register('Fail')
    await webhook.createNamespace(shop)
    await webhook.createNamespace(outside)
  })

  afterAll(async () => {
    await webhook.unregister()
    await webhook.end('SIGTERM')
  })

  describe('the shop and its neighbours, applied with kubectl', () => {
    let pods: readonly StoredPod[]

    beforeAll(async () => {
      const objects = shopIn(shop)
      const others = [workload('StatefulSet', 'ledger', 2), workload('DaemonSet', 'agent'), pod({name: 'bare'})]
      await apply(shop, ...objects, ...others)
      await kubectl('create', 'job', '-n', shop, 'report-now', '--from=cronjob/nightly-report')
      // The shop's, those of the others, and one for each of the two Jobs.
      pods = await settledPods(cluster, shop, replicasOf(objects) + 2 + 1 + 1 + 2)
    })

    test("every pod comes up with the sidecar in the mesh's own place", () => {
      for (const found of pods) {
        const isJob = found.metadata.labels['job-name'] !== undefined
        expectSidecar(found, place.native || isJob)
      }
    })

    test('every field that the webhook wrote is in the stored pod', async () => {
      for (const found of pods) {
        const event = await creationOf(cluster, shop, found.metadata.uid)
        const patch = patchOf(event) ?? []
        expect(patch.length, found.metadata.name).toBeGreaterThan(0)
        expect(lostOf(event.responseObject, patch), found.metadata.name).toEqual([])
        expect(lostOf(found, patch), found.metadata.name).toEqual([])
      }
    })

    test('the audit log says of each what was decided, and why', async () => {
      for (const found of pods) {
        expect(await decisionOn(shop, found)).toEqual({
          decision: 'injected',
          code: 'MW1005',
          mesh,
          reason: `mesh.autoInject is true for namespace ${shop}`,
        })
      }
    })

    test('the Job and the one that the CronJob made complete', async () => {
      await kubectl('wait', '-n', shop, '--for=condition=complete', 'job', '--all', '--timeout=30s')
      const done = await podsIn(cluster, shop, 'job-name')
      expect(done.map(({status}) => status.phase)).toEqual(['Succeeded', 'Succeeded'])
    })

    test('a rollout replaces the pods by injected ones of the new image', async () => {
      const before = (await podsIn(cluster, shop, 'app=user-service')).map(({metadata}) => metadata.uid)
      await kubectl('set', 'image', '-n', shop, 'deployment/user-service', 'user=registry.example/user:2')
      await kubectl('rollout', 'status', '-n', shop, 'deployment/user-service', '--timeout=60s')
      const after = await settledPods(cluster, shop, 2, 'app=user-service')
      for (const found of after) {
        expect(before).not.toContain(found.metadata.uid)
        expect(found.spec.containers.find(({name}) => name === 'user')).toMatchObject({
          image: 'registry.example/user:2',
        })
        expectSidecar(found)
      }
    })

    test('an update of a pod does not come to the webhook', async () => {
      const before = await stored(shop, 'bare')
      await kubectl('label', 'pod', '-n', shop, 'bare', 'touched=yes')
      const after = await stored(shop, 'bare')
      expect(after.metadata.labels).toEqual({...before.metadata.labels, touched: 'yes'})
      expect(after.spec).toEqual(before.spec)
      const update = await cluster.until('the audit event of the update', 10_000, async () =>
        (await podWrites(cluster, shop)).find(
          ({verb, responseObject}) => verb === 'patch' && responseObject?.metadata?.name === 'bare',
        ),
      )
      expect(Object.keys(update.annotations).filter((key) => key.includes('webhook'))).toEqual([])
    })
  })

  describe('who is injected', () => {
    test('nobody outside injectionNamespace who has not asked', async () => {
      const found = await create(outside, {name: 'unasked'})
      expectNone(found)
      expect(await decisionOn(outside, found)).toMatchObject({decision: 'skipped', code: 'MW1109'})
    })

    test('who asks on the pod: by our label or annotation, or by the mesh’s own key', async () => {
      const ours = {'meshwright.dev/inject': 'enabled'}
      const {label, annotation} = place.optIn
      const asked = [
        [{name: 'label', labels: ours}, 'MW1001'],
        [{name: 'annotation', annotations: ours}, 'MW1001'],
        [{name: 'native', labels: label, annotations: annotation}, 'MW1002'],
      ] as const
      for (const [metadata, code] of asked) {
        const found = await create(outside, metadata)
        expectSidecar(found)
        expect(await decisionOn(outside, found), metadata.name).toMatchObject({decision: 'injected', code})
      }
    })

    test('nobody who opts out: by our label or annotation, or by the mesh’s own key', async () => {
      const ours = {'meshwright.dev/inject': 'disabled'}
      const {label, annotation} = place.optOut
      const asked = [
        [{name: 'out-label', labels: ours}, 'MW1104'],
        [{name: 'out-annotation', annotations: ours}, 'MW1104'],
        [{name: 'out-native', labels: label, annotations: annotation}, expect.stringMatching(/^MW11/)],
      ] as const
      for (const [metadata, code] of asked) {
        const found = await create(shop, metadata)
        expectNone(found)
        expect(await decisionOn(shop, found), metadata.name).toMatchObject({decision: 'skipped', code})
      }
    })

    test('everybody in a namespace that opts in: by our label, or by the mesh’s own switch', async () => {
      await webhook.createNamespace(`${mesh}-opted`, {labels: {'meshwright.dev/inject': 'enabled'}})
      const found = await create(`${mesh}-opted`, {name: 'web'})
      expectSidecar(found)
      expect(await decisionOn(`${mesh}-opted`, found)).toMatchObject({decision: 'injected', code: 'MW1003'})
      if (place.namespace === undefined) return
      await webhook.createNamespace(`${mesh}-native`, place.namespace)
      const native = await create(`${mesh}-native`, {name: 'web'})
      expectSidecar(native)
      expect(await decisionOn(`${mesh}-native`, native)).toMatchObject({decision: 'injected', code: 'MW1004'})
    })

    test('nobody in kube-system, whatever they ask for; the webhook is not even called', async () => {
      const found = await create('kube-system', {name: `asked-${mesh}`, labels: {'meshwright.dev/inject': 'enabled'}})
      expectNone(found)
      const {annotations} = await creationOf(cluster, 'kube-system', found.metadata.uid)
      expect(Object.keys(annotations).filter((key) => key.includes('webhook') || key.includes('meshwright'))).toEqual(
        [],
      )
    })

    test('nobody on the host’s network, and kubectl says so to who asked', async () => {
      const metadata = {name: 'host', labels: {'meshwright.dev/inject': 'enabled'}}
      const stdin = JSON.stringify(pod(metadata, {hostNetwork: true, containers: [{name: 'app', image: 'app'}]}))
      const {code, stderr} = await cluster.kubectl(['create', '-n', outside, '-f', '-'], {stdin})
      expect(code, stderr).toBe(0)
      expectNone(await stored(outside, 'host'))
      expect(stderr).toContain('Warning: MW3004 meshwright.dev/inject: a pod on the host network is never injected')
    })
  })

  test('a dry run is answered with the sidecar, and nothing is stored', async () => {
    const dryRun = ['apply', '-n', shop, '--dry-run=server', '-o', 'json', '-f', '-']
    const {code, stdout, stderr} = await cluster.kubectl(dryRun, {stdin: JSON.stringify(pod({name: 'dry'}))})
    expect(code, stderr).toBe(0)
    expect(stdout).toContain(`"name": "${place.proxy}"`)
    expect((await podsIn(cluster, shop)).map(({metadata}) => metadata.name)).not.toContain('dry')
    const event = await cluster.until('the audit event of the dry run', 10_000, async () =>
      (await podWrites(cluster, shop)).find(({requestURI}) => requestURI.includes('dryRun=All')),
    )
    expect(annotationsOf(event)).toMatchObject({decision: 'injected', code: 'MW1005'})
  })

  test('a pod with generateName has the sidecar, and its own name', async () => {
    const found = await create(shop, {generateName: 'batch-'})
    expect(found.metadata.name).toMatch(/^batch-.{5}$/)
    expectSidecar(found)
  })

  test('a namespace that the cache has not seen goes by the configuration, and by its labels once it has', async () => {
    await cluster.createNamespace(`${mesh}-unheard`)
    expectSidecar(await create(`${mesh}-unheard`, {name: 'early'}))

    const young = `${mesh}-young`
    const labels = {'meshwright.dev/inject': 'enabled'}
    await cluster.createNamespace(young, {labels})
    await apply(young, workload('Deployment', 'web'))
    const [early] = await settledPods(cluster, young, 1)
    if (early === undefined) throw new Error('no pod')
    expectNone(early)
    expect(await decisionOn(young, early)).toMatchObject({code: 'MW1109'})
    await webhook.learn(young, {labels})
    await kubectl('rollout', 'restart', '-n', young, 'deployment/web')
    await kubectl('rollout', 'status', '-n', young, 'deployment/web', '--timeout=60s')
    const [late] = await settledPods(cluster, young, 1)
    if (late === undefined) throw new Error('no pod')
    expectSidecar(late)
  })

  test("the namespace's environment chooses the proxy's resources", async () => {
    const labels = {'meshwright.dev/environment': 'production', 'meshwright.dev/inject': 'enabled'}
    await webhook.createNamespace(`${mesh}-production`, {labels})
    const {spec} = await create(`${mesh}-production`, {name: 'web'})
    const proxy = [...spec.initContainers, ...spec.containers].find(({name}) => name === place.proxy)
    expect(proxy).toMatchObject({
      resources: {requests: {cpu: '200m', memory: '192Mi'}, limits: {cpu: '1', memory: '512Mi'}},
    })
  })

  test('a Service gets the annotation of its opaque ports on Linkerd, and nothing on the others', async () => {
    await webhook.createNamespace(`${mesh}-services`, place.namespace ?? {})
    const ports = [
      {name: 'mysql', port: 3306},
      {name: 'http', port: 80},
    ]
    const service = {apiVersion: 'v1', kind: 'Service', metadata: {name: 'db'}, spec: {selector: {app: 'db'}, ports}}
    await apply(`${mesh}-services`, service)
    const found = await kubectl('get', 'service', 'db', '-n', `${mesh}-services`, '-o', 'json')
    const {metadata} = z
      .object({metadata: z.object({annotations: z.record(z.string(), z.string())})})
      .parse(JSON.parse(found))
    expect(metadata.annotations['config.linkerd.io/opaque-ports']).toBe(mesh === 'linkerd' ? '3306' : undefined)
    expect(Object.keys(metadata.annotations)).toHaveLength(mesh === 'linkerd' ? 2 : 1)
  })
})
