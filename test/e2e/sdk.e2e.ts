import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {ruleKinds} from '../../src/controller/kinds.ts'
import {ApplicationMesh} from '../../src/sdk/application-mesh.ts'
import {assemble} from '../../src/sdk/assemble.ts'
import {noEnvironment} from '../../src/sdk/environment.ts'
import {MeshPermissionError, MeshRuleError} from '../../src/sdk/errors.ts'
import type {MeshOptions} from '../../src/sdk/options.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {frameworks, paste, serve} from '../sdk/pasted.ts'
import {samplesIn} from '../sdk/samples.ts'
import {needsShared} from '../shared.ts'
import {controllerKubeconfig, ControllerProcess, installController} from './controller.ts'
import {meshConfig, RuleCluster, rule, service} from './rule-cluster.ts'

// Applications beside a real API server and the controller: what they say in code is what the cluster holds.

const MANAGED = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    managedFields: z.array(z.looseObject({manager: z.string(), subresource: z.string().optional()})),
  }),
  spec: z.record(z.string(), z.unknown()),
})

needsShared('the SDK in a cluster', (shared) => {
  let cluster: Cluster
  let rules: RuleCluster
  let controller: ControllerProcess
  let namespace = ''
  let namespaces = 0
  const meshes: ApplicationMesh[] = []
  const failures: Error[] = []

  beforeAll(async () => {
    cluster = await startCluster()
    rules = new RuleCluster(cluster)
    await rules.installMeshes(shared)
    await installController(cluster)
    await rules.apply(meshConfig({mesh: {type: 'istio'}}))
    controller = ControllerProcess.start(cluster, await controllerKubeconfig(cluster))
    await controller.leads()
  })
  afterAll(async () => {
    await controller.end()
    await cluster.stop()
  })

  beforeEach(async () => {
    namespace = `shop-${++namespaces}`
    await cluster.createNamespace(namespace)
    await rules.apply(
      ...service(namespace, 'user-service'),
      ...service(namespace, 'product-service', ['v1', 'v2']),
      ...service(namespace, 'payment-service'),
    )
  })
  afterEach(async () => {
    await Promise.all(meshes.splice(0).map((mesh) => mesh.close()))
    failures.length = 0
  })

  /** One process of an application; the administrator's where no account is named. */
  function replica(options: MeshOptions = {}): ApplicationMesh {
    const given = {kubeconfig: cluster.kubeconfig, namespace, service: 'user-service', version: 'v1', ...options}
    const mesh = new ApplicationMesh(assemble(given, noEnvironment))
    mesh.on('error', (error) => failures.push(error))
    meshes.push(mesh)
    return mesh
  }

  async function stored(kind: 'MeshService' | 'TrafficPolicy', name: string) {
    const known = ruleKinds.find((each) => each.kind === kind)
    if (known === undefined) throw new Error(kind)
    const found = await rules.get(known, namespace, name)
    return found === undefined ? undefined : MANAGED.parse(found)
  }

  async function managersOf(kind: 'MeshService' | 'TrafficPolicy', name: string): Promise<readonly string[]> {
    const {managedFields = []} = (await stored(kind, name))?.metadata ?? {}
    return managedFields
      .filter(({subresource}) => subresource === undefined)
      .map(({manager}) => manager)
      .sort()
  }

  const split = (mesh: ApplicationMesh, weight = 80) =>
    mesh
      .trafficManager()
      .destination('product-service', 'v1')
      .weight(weight)
      .to('product-service', 'v2')
      .timeout('5s')
      .retries(3)

  /** A kubeconfig of a ServiceAccount with these rights. */
  async function account(name: string, role: readonly object[]): Promise<string> {
    const metadata = {name, namespace}
    const rbac = {apiVersion: 'rbac.authorization.k8s.io/v1', metadata}
    await rules.apply(
      {apiVersion: 'v1', kind: 'ServiceAccount', metadata},
      {...rbac, kind: 'Role', rules: role},
      {
        ...rbac,
        kind: 'RoleBinding',
        roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name},
        subjects: [{kind: 'ServiceAccount', name, namespace}],
      },
    )
    const {stdout} = await cluster.kubectl(['create', 'token', '-n', namespace, name])
    const file = join(cluster.dir, `${namespace}-${name}.json`)
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{name: 'c', cluster: {server: cluster.url, 'certificate-authority': cluster.caFile}}],
      users: [{name: 'c', user: {token: stdout.trim()}}],
      contexts: [{name: 'c', context: {cluster: 'c', user: 'c'}}],
    }
    await writeFile(file, JSON.stringify(kubeconfig), {mode: 0o600})
    return file
  }

  test('a service registers itself', async () => {
    const mesh = replica()
    expect(mesh.mode).toBe('cluster')
    const handle = mesh.registerService({
      name: 'user-service',
      version: 'v1.0.0',
      port: 8080,
      protocol: 'http',
      tags: ['v1', 'production'],
      metadata: {team: 'a'},
      healthCheck: {path: '/healthz', interval: '10s', timeout: '1s'},
    })
    await handle.accepted()
    expect((await stored('MeshService', 'user-service'))?.spec).toEqual({
      port: 8080,
      protocol: 'http',
      versions: [{name: 'v1.0.0'}],
      tags: ['v1', 'production'],
      metadata: {team: 'a'},
      healthCheck: {path: '/healthz', interval: '10s', timeout: '1s'},
    })
    expect(await handle.applied({signal: AbortSignal.timeout(30_000)})).toHaveProperty('approximations')
    expect(failures).toEqual([])
  })

  test('a split, a breaker and a canary stand beside each other, each its own', async () => {
    const mesh = replica()
    split(mesh).register()
    mesh.enableCircuitBreaker('product-service', {threshold: 5, timeout: '30s', recovery: '60s'})
    await mesh.ready()
    expect((await stored('TrafficPolicy', 'product-service'))?.spec).toEqual({
      service: 'product-service',
      versions: [{name: 'v1'}, {name: 'v2'}],
      split: [
        {version: 'v1', weight: 80},
        {version: 'v2', weight: 20},
      ],
      timeout: '5s',
      retries: {attempts: 3},
      circuitBreaker: {threshold: 5, timeout: '30s', recovery: '60s'},
    })
    expect(await managersOf('TrafficPolicy', 'product-service')).toEqual([
      'meshwright-sdk/user-service/circuit-breaker/v1',
      'meshwright-sdk/user-service/split/v1',
    ])
    mesh.enableCanaryRelease('product-service', 'v2', 10)
    await mesh.ready()
    const withCanary = await stored('TrafficPolicy', 'product-service')
    expect(withCanary?.spec).toMatchObject({canary: {version: 'v2', percent: 10}, timeout: '5s'})
    expect(withCanary?.spec['split']).toBeUndefined()
    // A replica that starts meanwhile says its split first, and the canary stands.
    const late = replica()
    split(late).register()
    await late.ready()
    expect((await stored('TrafficPolicy', 'product-service'))?.spec).toEqual(withCanary?.spec)
    await mesh.disableCanaryRelease('product-service')
    await mesh.ready()
    await expect
      .poll(async () => (await stored('TrafficPolicy', 'product-service'))?.spec)
      .toMatchObject({
        split: [
          {version: 'v1', weight: 80},
          {version: 'v2', weight: 20},
        ],
        circuitBreaker: {threshold: 5},
      })
    expect(failures).toEqual([])
  })

  test('a second replica that says the same writes nothing', async () => {
    const say = async (mesh: ApplicationMesh) => {
      mesh.registerService({name: 'user-service', version: 'v1', port: 8080})
      split(mesh).register()
      mesh.enableCircuitBreaker('product-service', {threshold: 5})
      await mesh.ready()
    }
    const first = replica()
    await say(first)
    await split(first)
      .register()
      .applied({signal: AbortSignal.timeout(30_000)})
    const before = [await stored('MeshService', 'user-service'), await stored('TrafficPolicy', 'product-service')]
    await say(replica())
    await say(replica())
    const after = [await stored('MeshService', 'user-service'), await stored('TrafficPolicy', 'product-service')]
    expect(after[1]?.metadata.resourceVersion).toBe(before[1]?.metadata.resourceVersion)
    expect(after[1]).toEqual(before[1])
    expect(after[0]?.spec).toEqual(before[0]?.spec)
  })

  test('the pods of two versions do not fight, and the next version takes over what the last one said', async () => {
    const [one, two] = [replica({version: 'v1'}), replica({version: 'v2'})]
    one.registerService({name: 'user-service', version: 'v1', port: 8080, tags: ['v1']})
    split(one, 80).register()
    await one.ready()
    two.registerService({name: 'user-service', version: 'v2', port: 8080, tags: ['v2']})
    split(two, 80).register()
    await two.ready()
    expect((await stored('MeshService', 'user-service'))?.spec).toMatchObject({
      versions: [{name: 'v1'}, {name: 'v2'}],
      tags: ['v2'],
    })
    expect(await managersOf('TrafficPolicy', 'product-service')).toEqual([
      'meshwright-sdk/user-service/split/v1',
      'meshwright-sdk/user-service/split/v2',
    ])
    const three = replica({version: 'v3'})
    three.trafficManager().destination('product-service', 'v2').register()
    await three.ready()
    expect((await stored('TrafficPolicy', 'product-service'))?.spec).toMatchObject({
      split: [{version: 'v2', weight: 100}],
    })
    expect((await stored('TrafficPolicy', 'product-service'))?.spec['timeout']).toBeUndefined()
    expect(failures).toEqual([])
  })

  test('what somebody else has said stays, and is told', async () => {
    await rules.apply(rule('TrafficPolicy', namespace, 'product-service', {service: 'product-service', timeout: '9s'}))
    const mesh = replica()
    await expect(split(mesh).register().accepted()).rejects.toThrow(/\.spec\.timeout by kubectl/)
    expect(failures).toEqual([expect.any(MeshRuleError)])
    expect((await stored('TrafficPolicy', 'product-service'))?.spec).toEqual({
      service: 'product-service',
      timeout: '9s',
    })
  })

  test('applied() waits for the mesh, and tells what is lost', async () => {
    const mesh = replica()
    const exact = await split(mesh)
      .register()
      .applied({signal: AbortSignal.timeout(30_000)})
    expect(exact).toEqual({exact: true, approximations: []})
    expect((await rules.names(namespace)).join()).toContain('VirtualService')
    const breaker = mesh.enableCircuitBreaker('payment-service', {threshold: 5, timeout: '30s', recovery: '45s'})
    const lossy = await breaker.applied({signal: AbortSignal.timeout(30_000)})
    expect(lossy).toMatchObject({exact: false})
    expect(lossy.approximations.join()).toMatch(/^MW6/)
  })

  test('applied() tells what the mesh cannot follow', async () => {
    const mesh = replica()
    const handle = mesh.enableCanaryRelease('product-service', 'v9', 10)
    await handle.accepted()
    await expect(handle.applied({signal: AbortSignal.timeout(30_000)})).rejects.toThrow(/MW6004.*v9/)
  })

  test('dispose() takes back its own part, and the object with the last one', async () => {
    const mesh = replica()
    const [traffic, breaker] = [
      split(mesh).register(),
      mesh.enableCircuitBreaker('product-service', {threshold: 5, timeout: '30s'}),
    ]
    await mesh.ready()
    await traffic.dispose()
    expect((await stored('TrafficPolicy', 'product-service'))?.spec).toEqual({
      service: 'product-service',
      circuitBreaker: {threshold: 5, timeout: '30s'},
    })
    await breaker.dispose()
    expect(await stored('TrafficPolicy', 'product-service')).toBeUndefined()
    await breaker.dispose()
    // What another replica began.
    replica().enableCircuitBreaker('product-service', {threshold: 5})
    await meshes.at(-1)?.ready()
    await mesh.disableCircuitBreaker('product-service')
    expect(await stored('TrafficPolicy', 'product-service')).toBeUndefined()
    expect(failures).toEqual([])
  })

  describe('with the rights of a Role', () => {
    const group = {apiGroups: ['meshwright.dev']}
    const verbs = ['get', 'create', 'patch', 'delete']

    test('of its own, everything works', async () => {
      const kubeconfig = await account('user-service-role', [
        {...group, resources: ['meshservices', 'trafficpolicies'], verbs},
      ])
      const mesh = replica({kubeconfig})
      const handle = mesh.registerService({name: 'user-service', version: 'v1', port: 8080})
      split(mesh).register()
      await mesh.ready()
      await handle.applied({signal: AbortSignal.timeout(30_000)})
      await handle.dispose()
      expect(await stored('MeshService', 'user-service')).toBeUndefined()
      expect(failures).toEqual([])
    })

    test('that lacks one, the error names it', async () => {
      const kubeconfig = await account('poor', [{...group, resources: ['meshservices'], verbs}])
      const mesh = replica({kubeconfig})
      await mesh.registerService({name: 'user-service', version: 'v1', port: 8080}).accepted()
      const error = await mesh
        .enableCircuitBreaker('product-service', {threshold: 5})
        .accepted()
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(MeshPermissionError)
      expect(error).toMatchObject({
        code: 'MESH_PERMISSION',
        message: expect.stringMatching(
          new RegExp(
            `TrafficPolicy ${namespace}/product-service: system:serviceaccount:${namespace}:poor lacks the rule ` +
              `\\{apiGroups: \\["meshwright.dev"\\], resources: \\[trafficpolicies\\], verbs: \\[(patch|create)\\]\\}; put it into a Role in namespace ${namespace}`,
          ),
        ),
      })
      expect(failures).toEqual([error])
    })
  })

  test.each(frameworks)('the samples as they stand, in a %s application', async (framework) => {
    await rules.apply(...service(namespace, 'order-service', ['v1.0.0', 'v1.1.0']))
    const orders = await serve(() => ({body: {id: 'o-1', total: 12}}))
    const payments = await serve(() => ({body: {id: 'p-1'}}))
    const services = {'order-service': orders.url, 'payment-service': payments.url}
    const mesh = replica({services})
    const samples = samplesIn(shared)
    const {register, metrics, canary, events, simple} = samples
    const application = await paste(
      framework,
      mesh,
      [register, metrics, canary, events, simple].join('\n'),
      samples.calls,
    )
    try {
      await mesh.ready()
      expect((await stored('MeshService', 'user-service'))?.spec).toEqual({
        port: 8080,
        protocol: 'http',
        versions: [{name: '1.0.0'}],
        tags: ['v1', 'production'],
      })
      // What the canary decides the split does not say.
      expect((await stored('TrafficPolicy', 'order-service'))?.spec).toEqual({
        service: 'order-service',
        versions: [{name: 'v1.0.0'}, {name: 'v1.1.0'}],
        timeout: '10s',
        retries: {attempts: 3},
        canary: {version: 'v1.1.0', percent: 10},
      })
      expect((await stored('TrafficPolicy', 'payment-service'))?.spec).toEqual({
        service: 'payment-service',
        circuitBreaker: {threshold: 5, timeout: '30s', recovery: '60s'},
      })
      await rules.conditions('TrafficPolicy', namespace, 'order-service', {Accepted: 'True', Programmed: 'True'})
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
      const response = await fetch(application.url, {
        method: 'POST',
        headers: {'content-type': 'application/json', traceparent, 'x-request-id': 'r-1'},
        body: JSON.stringify({items: ['book'], total: 12}),
      })
      expect(await response.json()).toEqual({order: {id: 'o-1', total: 12}, payment: {id: 'p-1'}})
      // A sidecar's span goes on as it came.
      expect(orders.requests[0]?.headers).toMatchObject({traceparent, 'x-request-id': 'r-1'})
      expect(failures).toEqual([])
    } finally {
      await application.close()
      await Promise.all([orders.close(), payments.close()])
    }
  })

  test('rules wait for an API server that does not answer', async () => {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{name: 'c', cluster: {server: 'https://127.0.0.1:1'}}],
      users: [{name: 'c', user: {}}],
      contexts: [{name: 'c', context: {cluster: 'c', user: 'c'}}],
    }
    const kubeconfig = join(cluster.dir, 'nowhere.json')
    await writeFile(kubeconfig, JSON.stringify(config))
    const mesh = replica({kubeconfig})
    const accepted = mesh.enableCircuitBreaker('product-service', {threshold: 5}).accepted()
    await expect.poll(() => failures).toEqual([expect.objectContaining({code: 'MESH_UNAVAILABLE'})])
    await mesh.close()
    await expect(accepted).rejects.toMatchObject({code: 'MESH_CLOSED'})
  })
})
