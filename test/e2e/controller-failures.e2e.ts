import {readFile} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {needsShared} from '../shared.ts'
import {controllerKubeconfig, ControllerProcess, installController, ownNamespace} from './controller.ts'
import {crdsIn, installCrds} from './crds.ts'
import {settledPods} from './pods.ts'
import {kindNamed, meshConfig, rule, RuleCluster, service} from './rule-cluster.ts'

// What becomes of rules when a controller, the lease, the API server or a CRD goes away and comes back.

const inForce = {Accepted: 'True', Programmed: 'True Programmed'}
const virtualService = kindNamed('networking.istio.io/v1', 'VirtualService')

const WRITE = z.object({
  verb: z.string(),
  userAgent: z.string().optional(),
  requestReceivedTimestamp: z.string(),
  objectRef: z.looseObject({resource: z.string(), name: z.string().optional()}).optional(),
  sourceIPs: z.array(z.string()).optional(),
  user: z.looseObject({username: z.string()}),
  requestObject: z.unknown().optional(),
})

needsShared('the controller', (shared) => {
  let cluster: Cluster
  let rules: RuleCluster
  let kubeconfig: string
  const running = new Set<ControllerProcess>()

  beforeAll(async () => {
    cluster = await startCluster({audit: 'Request'})
    rules = new RuleCluster(cluster)
    await rules.installMeshes(shared, /^virtualservices\./)
    await installController(cluster)
    kubeconfig = await controllerKubeconfig(cluster)
    await cluster.createNamespace('shop')
    await rules.apply(...service('shop', 'order-service'), meshConfig({mesh: {type: 'istio'}}))
    await settledPods(cluster, 'shop', 1)
  })

  afterEach(async () => {
    for (const controller of running) {
      controller.signal('SIGCONT')
      await controller.end()
    }
    running.clear()
  })

  afterAll(async () => {
    await cluster.stop()
  })

  function start(...args: readonly string[]): ControllerProcess {
    const controller = ControllerProcess.start(cluster, kubeconfig, args)
    running.add(controller)
    return controller
  }

  let seconds = 1
  /** Changes the one rule, so that a controller that works writes something that can be waited for. */
  async function change(): Promise<string> {
    const timeout = `${++seconds}s`
    await rules.apply(rule('TrafficPolicy', 'shop', 'order-service', {service: 'order-service', timeout}))
    return timeout
  }

  /** What could not be written is tried again within 30 s. */
  const written = (timeout: string) =>
    cluster.until(`a timeout of ${timeout}`, 60_000, async () =>
      JSON.stringify(await rules.get(virtualService, 'shop', 'order-service'))?.includes(`"${timeout}"`),
    )

  const holder = async () => {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${ownNamespace}/leases/meshwright-controller`
    const {body} = await cluster.api.request('GET', path)
    const LEASE = z.object({spec: z.object({holderIdentity: z.string().nullish()})})
    return LEASE.safeParse(body).data?.spec.holderIdentity ?? ''
  }

  describe('a kind that the cluster does not know', () => {
    test('is a condition, not a crash, and the rule is written when it is installed', async () => {
      const controller = start()
      const timeout = await change()
      const {conditions} = await rules.conditions('TrafficPolicy', 'shop', 'order-service', {
        Programmed: 'False CRDMissing',
      })
      expect(conditions.find(({type}) => type === 'Programmed')?.message).toContain('VirtualService')
      expect((await controller.ask('/readyz')).status).toBe(200)
      expect(controller.isRunning).toBe(true)

      const crds = await crdsIn(`${shared}/crds`)
      await installCrds(
        cluster,
        crds.filter(({metadata}) => metadata.name.startsWith('virtualservices.')),
      )
      await written(timeout)
      await rules.conditions('TrafficPolicy', 'shop', 'order-service', inForce)
    })

    test('that goes away and comes back has its objects again', async () => {
      const controller = start()
      await written(await change())
      const crd = 'virtualservices.networking.istio.io'
      await cluster.kubectl(['delete', 'crd', crd])
      await cluster.until('the kind to be missed', 30_000, async () => {
        await change()
        const status = await rules.status('TrafficPolicy', 'shop', 'order-service')
        return status?.conditions.some(({reason}) => reason === 'CRDMissing')
      })
      const crds = await crdsIn(`${shared}/crds`)
      await installCrds(
        cluster,
        crds.filter(({metadata}) => metadata.name === crd),
      )
      await written(`${seconds}s`)
      expect(controller.isRunning).toBe(true)
    })
  })

  describe('two controllers', () => {
    // A busy machine stands still for longer than a lease of a second, which then changes hands by right.
    const lease = ['--lease-duration', '4s'] as const

    test('one leads; when it is killed the other goes on', async () => {
      const first = start(...lease)
      await first.leads()
      const second = start(...lease)
      await written(await change())
      expect(second.says('leading')).toBe(false)
      await first.end('SIGKILL')
      const timeout = await change()
      const begun = performance.now()
      await second.leads()
      await written(timeout)
      expect(performance.now() - begun).toBeLessThan(20_000)
    })

    test('one leads; told to stop it hands over at once, and ends with 0', async () => {
      const first = start('--lease-duration', '60s')
      await first.leads()
      const second = start('--lease-duration', '60s')
      await cluster.until('the other one to be ready', 20_000, async () => (await second.ask('/readyz')).status === 200)
      const timeout = await change()
      await written(timeout)
      expect(await first.end('SIGTERM')).toBe(0)
      // A minute would be the wait for a lease that nobody gave back.
      await cluster.until('the other one to lead', 5_000, async () => second.says('leading'))
      await written(await change())
    })

    test('one leads; stopped in its tracks it writes nothing when it goes on', async () => {
      const first = start(...lease)
      await first.leads()
      const before = await holder()
      const second = start(...lease)
      await written(await change())
      first.signal('SIGSTOP')
      const timeout = await change()
      await second.leads()
      await written(timeout)
      expect(await holder()).not.toBe(before)

      // Its watches tell it of this as soon as it goes on, before or after it sees that the lease is another's.
      const mark = new Date().toISOString()
      first.signal('SIGCONT')
      await written(await change())
      await cluster.until('the first one to see it', 20_000, async () => first.says('not leading any more'))
      await sleep(2000)
      const events = (await readFile(cluster.auditLog, 'utf8'))
        .split('\n')
        .slice(0, -1)
        .map((line) => WRITE.parse(JSON.parse(line)))
        .filter(
          ({user, requestReceivedTimestamp}) =>
            user.username.endsWith(':meshwright-controller') && requestReceivedTimestamp > mark,
        )
      // Both wrote leases, so both are seen; the objects were written once.
      const timeouts = events.filter(({objectRef}) => objectRef?.resource === 'virtualservices')
      expect(timeouts).toHaveLength(1)
    })
  })

  describe.each(['SIGTERM', 'SIGKILL'] as const)('an API server restarted by %s', (signal) => {
    test('is waited for; nothing ends, and what was said meanwhile is written', async () => {
      const controller = start()
      await written(await change())
      await cluster.restartApiServer(signal)
      const timeout = await change()
      await written(timeout)
      await rules.conditions('TrafficPolicy', 'shop', 'order-service', inForce)
      expect(controller.isRunning).toBe(true)
      await cluster.until(
        'the controller to be ready',
        60_000,
        async () => (await controller.ask('/readyz')).status === 200,
      )
    })
  })

  test('a rule deleted while no controller ran is taken out of the mesh by the next one', async () => {
    const controller = start()
    await written(await change())
    await controller.end()
    await rules.delete('trafficpolicy', 'shop', 'order-service')
    await sleep(500)
    expect(await rules.names('shop')).not.toEqual([])
    start()
    await rules.settled('shop', [])
  })
})
