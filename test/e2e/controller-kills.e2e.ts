import {afterAll, beforeAll, expect, test} from 'vitest'
import type {MeshName} from '../../src/mesh/mesh.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {needsShared} from '../shared.ts'
import {controllerKubeconfig, ControllerProcess, installController, ownNamespace} from './controller.ts'
import {settledPods} from './pods.ts'
import {Proxy, type Call} from './proxy.ts'
import {meshConfig, rule, RuleCluster, service, type StoredObject} from './rule-cluster.ts'

// A controller is killed as soon as the API server has stored one of its writes, before it hears of it; the next one goes on
// from what it finds, and is killed after its own first write, and so on, while rules come, change, move to other meshes and go.

const points = 200

needsShared('a controller that is killed after every write', (shared) => {
  let cluster: Cluster
  let rules: RuleCluster
  let proxy: Proxy
  let kubeconfig = ''
  /** When. */
  const kills: number[] = []

  beforeAll(async () => {
    cluster = await startCluster()
    rules = new RuleCluster(cluster)
    await rules.installMeshes(shared)
    await installController(cluster)
    proxy = await Proxy.start(cluster)
    kubeconfig = await controllerKubeconfig(cluster, proxy)
    await cluster.createNamespace('shop')
    await rules.apply(...names.flatMap((name) => service('shop', name, ['v1', 'v2'])))
    await settledPods(cluster, 'shop', names.length * 2)
  })

  afterAll(async () => {
    proxy.stop()
    await cluster.stop()
  })

  const names = ['order-service', 'user-service', 'stock-service']
  const rulesFor = (weight: number) =>
    names.flatMap((name, index) => [
      rule('TrafficPolicy', 'shop', name, {
        service: name,
        versions: [{name: 'v1'}, {name: 'v2'}],
        split: [
          {version: 'v1', weight},
          {version: 'v2', weight: 100 - weight},
        ],
        timeout: '5s',
        retries: {attempts: 2},
        circuitBreaker: {threshold: 5},
      }),
      rule('AccessPolicy', 'shop', name, {
        destination: name,
        action: 'ALLOW',
        from: [{service: names[(index + 1) % names.length]}],
      }),
    ])

  const isWrite = ({method, url, status}: Call) =>
    method !== 'GET' && status < 300 && !url.includes('/leases') && !url.includes('/events')

  /** One life: until its first write is stored, or until there is nothing to do. Returns whether it wrote. */
  async function live(): Promise<boolean> {
    const killed = Promise.withResolvers<boolean>()
    const controller = ControllerProcess.start(cluster, kubeconfig)
    proxy.onAnswer = async (call) => {
      if (!isWrite(call)) return
      killed.resolve(true)
      // It never hears of its write.
      await controller.end('SIGKILL')
    }
    const idle = settledOf(controller).then(() => false)
    const wrote = await Promise.race([killed.promise, idle])
    proxy.onAnswer = () => undefined
    await controller.end(wrote ? 'SIGKILL' : 'SIGTERM')
    await idle.catch(() => undefined)
    if (wrote) kills.push(performance.now())
    // The next one need not wait for the lease of the dead every time.
    if (kills.length % 10 !== 0) await rules.delete('lease', ownNamespace, 'meshwright-controller')
    return wrote
  }

  /** Settles when everything has been looked through and nothing is left in the queue. */
  async function settledOf(controller: ControllerProcess): Promise<void> {
    await controller.leads()
    let last = -1
    for (;;) {
      const done = await controller.metric('meshwright_controller_reconciles_total')
      const queued = await controller.metric('meshwright_controller_queue_length')
      if (done > 0 && queued === 0 && done === last) return
      last = done
      await new Promise((resolve) => {
        setTimeout(resolve, 250)
      })
    }
  }

  /** Kills until nothing is left to write. */
  async function survive(): Promise<void> {
    let wrote = true
    while (wrote) wrote = await live()
  }

  /** What the same rules become where nobody is killed. */
  async function undisturbed(): Promise<readonly string[]> {
    const controller = ControllerProcess.start(cluster, kubeconfig)
    await settledOf(controller)
    expect(await controller.end()).toBe(0)
    return described(await rules.written())
  }

  function described(all: readonly StoredObject[]): readonly string[] {
    const said = ({kind, metadata, ...rest}: StoredObject) => {
      const {'meshwright.dev/applied': applied} = metadata.annotations
      return `${kind} ${metadata.namespace}/${metadata.name} ${applied ?? JSON.stringify([metadata.annotations, rest['spec']])}`
    }
    return all.map(said).sort()
  }

  async function use(mesh: MeshName): Promise<void> {
    await rules.apply(meshConfig({mesh: {type: mesh}}))
  }

  test(`converges without orphans or half-writes, at ${points} points`, {timeout: 20 * 60_000}, async () => {
    await use('istio')
    const held = new Map<string, readonly string[]>()
    for (let round = 0; kills.length < points; round++) {
      for (const mesh of ['istio', 'linkerd', 'consul'] as const) {
        const weight = 10 + (round % 8) * 10
        await use(mesh)
        await rules.apply(...rulesFor(weight))
        await survive()
        const left = described(await rules.written())
        expect(left.length).toBeGreaterThan(names.length * 2)
        held.set(`${mesh} ${weight}`, left)
        for (const name of names) {
          const wanted = {Accepted: 'True', Programmed: 'True Programmed'}
          await rules.conditions('TrafficPolicy', 'shop', name, wanted)
          await rules.conditions('AccessPolicy', 'shop', name, wanted)
        }
      }
    }
    // The last state is what a controller makes that nobody kills, from nothing.
    const left = described(await rules.written())
    for (const name of names) {
      await rules.delete('trafficpolicy', 'shop', name)
      await rules.delete('accesspolicy', 'shop', name)
    }
    await survive()
    expect(await rules.names()).toEqual([])
    await rules.apply(...rulesFor(10 + ((held.size / 3 - 1) % 8) * 10))
    expect(await undisturbed()).toEqual(left)
    expect(kills.length).toBeGreaterThanOrEqual(points)
  })
})
