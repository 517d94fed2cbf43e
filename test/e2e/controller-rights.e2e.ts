import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {z} from 'zod'
import {controllerRights} from '../../src/install/controller-rights.ts'
import {accountOf} from '../../src/install/rights.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {needsShared} from '../shared.ts'
import {meshwright, root} from './command.ts'
import {controllerKubeconfig, ControllerProcess, installController, ownNamespace} from './controller.ts'
import {list} from './manifests.ts'
import {settledPods} from './pods.ts'
import {Proxy} from './proxy.ts'
import {unusedRights} from './rights.ts'
import {meshConfig, rule, RuleCluster, service} from './rule-cluster.ts'

// The samples of the users' own configuration on every mesh, and rules that become every kind; after that every right that
// the controller was granted has been used.

const webhook = 'meshwright-webhook'
const SPEC = z.looseObject({mesh: z.looseObject({}).optional()})
const inForce = {Accepted: 'True', Programmed: 'True Programmed'}

needsShared('the controller', (shared) => {
  let cluster: Cluster
  let rules: RuleCluster
  let controller: ControllerProcess
  let proxy: Proxy
  let kubeconfig: string

  beforeAll(async () => {
    cluster = await startCluster()
    rules = new RuleCluster(cluster)
    await rules.installMeshes(shared)
    await installController(cluster)
    proxy = await Proxy.start(cluster)
    kubeconfig = await controllerKubeconfig(cluster, proxy)
    const registered = ['apply', '-f', join(root, 'manifests/kustomize/base/registration.yaml')]
    expect((await cluster.kubectl(registered)).code).toBe(0)
    // Nobody serves it here, and pods are not to wait for that.
    const ignore = [{op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore'}]
    const patch = ['patch', 'mutatingwebhookconfiguration', webhook, '--type=json', '-p', JSON.stringify(ignore)]
    expect((await cluster.kubectl(patch)).code).toBe(0)
    const certificates = ['--webhook-configuration', webhook, '--bundle-settle', '1s', '--secret-propagation', '5s']
    controller = ControllerProcess.start(cluster, kubeconfig, ['--lease-duration', '5s', ...certificates])
    await controller.leads()
    // Consul keeps what is for the whole mesh in its own namespace.
    await cluster.createNamespace('consul')
    await cluster.kubectl(['label', 'namespace', 'default', 'meshwright.dev/inject=enabled'])
    await rules.apply(...service('default', 'user-service', ['v1', 'v2']), ...service('default', 'order-service'))
    await settledPods(cluster, 'default', 3)
  })

  afterAll(async () => {
    expect(await controller.end()).toBe(0)
    proxy.stop()
    await cluster.stop()
  })

  describe.each(meshNames)('the samples as MeshConfig on %s', (mesh) => {
    const sample = (name: string) => {
      const spec = SPEC.parse(parse(readFileSync(join(shared, 'samples', `${name}.yaml`), 'utf8')))
      return {...spec, mesh: {...spec.mesh, type: mesh}}
    }
    const use = async (name: string) => {
      await rules.apply(meshConfig(sample(name)))
      return rules.conditions('MeshConfig', '', 'default', inForce)
    }
    const expected: Readonly<Record<MeshName, Readonly<Record<string, readonly string[]>>>> = {
      istio: {
        '04-security': ['AuthorizationPolicy order-service-allow', 'PeerAuthentication default'],
        '09-shop': ['DestinationRule user-service', 'VirtualService user-service'],
      },
      linkerd: {
        '04-security': ['Server order-service.8080', 'MeshTLSAuthentication order-service.callers'],
        '09-shop': ['Service user-service-v1', 'Service user-service-v2', 'HTTPRoute user-service.8080'],
      },
      consul: {
        '04-security': ['ServiceIntentions order-service'],
        '09-shop': ['ServiceResolver user-service', 'ServiceSplitter user-service'],
      },
    }

    test.each(['04-security', '07-linkerd', '08-consul', '09-shop'])('%s', async (name) => {
      const status = await use(name)
      const written = await rules.names('default')
      expect(written).toEqual(expect.arrayContaining([...(expected[mesh][name] ?? [])]))
      // What this mesh cannot follow is told: Linkerd has no rate of sampling.
      if (name === '07-linkerd' && mesh === 'linkerd') {
        expect(status.findings).toContainEqual(expect.objectContaining({feature: 'sampling'}))
      }
    })

    test('leave nothing behind when they go', async () => {
      await rules.delete('meshconfig', undefined, 'default')
      await rules.settled('default', [])
    })
  })

  const stock = {service: 'stock', versions: [{name: 'v1'}, {name: 'v2'}], canary: {version: 'v2', percent: 10}}
  const route = (timeout: string) => ({
    ...stock,
    timeout,
    retries: {attempts: 2},
    routes: [{match: {pathPrefix: '/api'}, split: [{version: 'v2', weight: 100}]}],
    circuitBreaker: {threshold: 5},
  })

  /** Rules that become every kind of a mesh, change, and go. */
  async function everyKind(mesh: MeshName, namespace: string): Promise<void> {
    await cluster.createNamespace(namespace)
    const grpc = service(namespace, 'ledger', ['v1', 'v2']).map((object) =>
      JSON.parse(JSON.stringify(object).replace('"name":"http"', '"name":"grpc"')),
    )
    // The kubelet asks without any identity, which Linkerd has to be told.
    const probe = '"readinessProbe":{"httpGet":{"path":"/ready","port":8080}},"image":'
    const probed = service(namespace, 'stock', ['v1', 'v2']).map((object) =>
      JSON.parse(JSON.stringify(object).replace('"image":', probe)),
    )
    await rules.apply(...probed, ...grpc, ...service(namespace, 'front'))
    await settledPods(cluster, namespace, 5)
    const settings = (mutualTLS: boolean, samplingRate: number) => ({
      mesh: {
        type: mesh,
        injectionNamespace: namespace,
        security: {mutualTLS},
        telemetry: {samplingRate},
        tracing: {enabled: true, endpoint: 'otel-collector.observability:4317'},
        sidecar: {proxy: {config: {accessLogFile: '/dev/stdout'}}},
      },
    })
    for (const [mutualTLS, timeout, method] of [
      [false, '5s', 'GET'],
      [true, '6s', 'POST'],
      [false, '7s', 'GET'],
    ] as const) {
      await rules.apply(meshConfig(settings(mutualTLS, mutualTLS ? 0.1 : 0.2)))
      await rules.apply(
        rule('TrafficPolicy', namespace, 'stock', {...route(timeout), service: 'stock'}),
        rule('TrafficPolicy', namespace, 'ledger', {...stock, service: 'ledger', timeout}),
        rule('AccessPolicy', namespace, 'stock', {
          destination: 'stock',
          action: 'ALLOW',
          from: [{service: 'front'}],
          methods: [method],
          paths: [`/${timeout}*`],
        }),
        rule('AccessPolicy', namespace, 'ledger', {destination: 'ledger', action: 'ALLOW'}),
        rule('MeshService', namespace, 'front', {port: 8080, healthCheck: {interval: '10s'}, tags: [timeout]}),
      )
      await rules.conditions('TrafficPolicy', namespace, 'stock', inForce)
    }
    for (const name of ['stock', 'ledger']) {
      await rules.delete('trafficpolicy', namespace, name)
      await rules.delete('accesspolicy', namespace, name)
    }
    await rules.delete('meshservice', namespace, 'front')
    await rules.delete('meshconfig', undefined, 'default')
    await rules.settled(namespace, [])
  }

  describe('every right that is granted', () => {
    test.each(meshNames)('is used by somebody: rules that become every kind of %s', {timeout: 300_000}, (mesh) =>
      everyKind(mesh, `every-${mesh}`),
    )

    test('another authority for the webhook', async () => {
      await meshwright(['certs', 'rotate', '--ca', '--kubeconfig', cluster.kubeconfig, '--wait', '60s'])
    })

    test('and none is granted that nobody used', async () => {
      // The same again within half an hour counts up an Event, once a minute at most.
      const again = (destination: string) =>
        rules.apply(rule('AccessPolicy', 'default', 'again', {destination, action: 'ALLOW'}))
      for (const wait of [0, 61_000]) {
        await sleep(wait)
        await again('nobody')
        await rules.conditions('AccessPolicy', 'default', 'again', {Accepted: 'False'})
        await again('order-service')
        await rules.conditions('AccessPolicy', 'default', 'again', {Accepted: 'True'})
      }
      await cluster.until('every right to be used', 10_000, async () => {
        const unused = unusedRights(readFileSync(join(root, 'manifests/rbac/controller.yaml'), 'utf8'), proxy.calls)
        if (unused.length > 0) throw new Error(`nobody used ${unused.join(', ')}`)
        return true
      })
      await rules.delete('accesspolicy', 'default', 'again')
      await rules.settled('default', [])
    })

    test('and none was missing', () => {
      expect(proxy.calls.filter(({status}) => status === 403).map(({method, url}) => `${method} ${url}`)).toEqual([])
      expect(controller.log).not.toContain('MW6406')
    })
  })

  // Last, for they take the place of the rights of all meshes.
  describe.each(meshNames)('an installation for %s alone', (mesh) => {
    test('is granted less, and all that its rules need', {timeout: 300_000}, async () => {
      const roles = accountOf('controller', controllerRights, {mesh, namespace: ownNamespace}).filter(
        ({kind}) => kind === 'ClusterRole' || kind === 'Role',
      )
      expect(JSON.stringify(roles).length).toBeLessThan(
        JSON.stringify(accountOf('controller', controllerRights, {mesh: '', namespace: ownNamespace})).length,
      )
      const {code, stderr} = await cluster.kubectl(['replace', '-f', '-'], {stdin: list(roles)})
      expect({code, stderr}).toEqual({code: 0, stderr: ''})
      await controller.end()
      proxy.calls.length = 0
      controller = ControllerProcess.start(cluster, kubeconfig, ['--lease-duration', '5s', '--mesh', mesh])
      await controller.leads()
      await everyKind(mesh, `only-${mesh}`)
      expect(proxy.calls.filter(({status}) => status === 403).map(({method, url}) => `${method} ${url}`)).toEqual([])
      expect(controller.log).not.toContain('MW6406')
    })
  })
})
