import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {underLoad} from './load.ts'
import {list, pod, workload} from './manifests.ts'
import {containerNames, podsIn, settledPods, type StoredPod} from './pods.ts'
import {Webhook} from './webhook.ts'

// What becomes of pods when the webhook, the API server or a certificate goes away and comes back. The mesh does not matter here.

let cluster: Cluster
let webhook: Webhook

beforeAll(async () => {
  cluster = await startCluster()
  webhook = await Webhook.start(cluster, 'istio', {mesh: {injectionNamespace: null}})
  await webhook.register('Fail')
})

afterAll(async () => {
  await webhook.end('SIGTERM')
  await cluster.stop()
})

async function kubectl(...args: readonly string[]): Promise<void> {
  const {code, stderr} = await cluster.kubectl(args)
  expect(code, stderr).toBe(0)
}

async function apply(namespace: string, ...objects: readonly object[]): Promise<void> {
  const {code, stderr} = await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], {stdin: list(objects)})
  expect(code, stderr).toBe(0)
}

function create(namespace: string, name: string) {
  const stdin = JSON.stringify(pod({name}))
  return cluster.kubectl(['create', '-n', namespace, '-f', '-'], {stdin})
}

const hasSidecar = (found: StoredPod) => containerNames(found).init.includes('istio-proxy*')

/** Of each pod its name, without what its controller appended, and whether it has a sidecar. */
const sidecars = (pods: readonly StoredPod[]) =>
  pods
    .map((found) => `${found.metadata.labels['app'] ?? found.metadata.name} ${hasSidecar(found) ? 'with' : 'without'}`)
    .sort()

describe('a webhook that hangs', () => {
  test('costs a create the timeout and no more, goes by failurePolicy, and is asked again as soon as it goes on', async () => {
    await webhook.createNamespace('hangs')
    expect(await create('hangs', 'first')).toMatchObject({code: 0})
    webhook.hang(true)
    try {
      const {code, stderr} = await create('hangs', 'refused')
      expect(code).toBe(1)
      expect(stderr).toMatch(/failed calling webhook "inject\.meshwright\.dev".*(deadline|timeout)/i)
      await expect(webhook.readiness()).rejects.toThrow('no answer in 2 s')
      // Changed under its name alone: the harness would ask the webhook whether it counts.
      const ignore = [{op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore'}]
      const patch = ['--type=json', '-p', JSON.stringify(ignore)]
      await kubectl('patch', 'mutatingwebhookconfiguration', 'meshwright-webhook', ...patch)
      await cluster.until(
        'a pod to be taken without it',
        30_000,
        async () => (await create('hangs', 'bare')).code === 0,
      )
    } finally {
      webhook.hang(false)
    }
    await webhook.register('Fail')
    expect(await create('hangs', 'after')).toMatchObject({code: 0})
    expect(sidecars(await podsIn(cluster, 'hangs'))).toEqual(['after with', 'bare without', 'first with'])
  })
})

describe('a webhook that was killed', () => {
  test('under failurePolicy Fail: pods are refused, and the controllers make them once it is back', async () => {
    await webhook.createNamespace('fail')
    await apply('fail', workload('Deployment', 'before', 2))
    await settledPods(cluster, 'fail', 2)
    await webhook.end('SIGKILL')

    const {code, stderr} = await create('fail', 'refused')
    expect(code).toBe(1)
    expect(stderr).toContain('failed calling webhook "inject.meshwright.dev"')
    await apply('fail', workload('Deployment', 'during', 2), workload('StatefulSet', 'stateful'))
    await kubectl('delete', 'pod', '-n', 'fail', '-l', 'app=before', '--wait=false')
    await cluster.until('the controllers to be refused', 20_000, async () => {
      const {stdout} = await cluster.kubectl(['get', 'events', '-n', 'fail', '-o', 'jsonpath={.items[*].reason}'])
      return stdout.includes('FailedCreate')
    })
    expect(sidecars(await podsIn(cluster, 'fail'))).toEqual([])
    // What runs the cluster goes on: it is not the webhook's business.
    expect(await create('kube-system', 'unaffected')).toMatchObject({code: 0})

    await webhook.run()
    const pods = await settledPods(cluster, 'fail', 5)
    expect(sidecars(pods)).toEqual(['before with', 'before with', 'during with', 'during with', 'stateful with'])
  })

  test('under failurePolicy Ignore: pods start without a sidecar, and new ones have it once it is back', async () => {
    await webhook.register('Ignore')
    await webhook.createNamespace('ignore')
    await webhook.end('SIGKILL')
    await apply('ignore', workload('Deployment', 'web', 2))
    expect(sidecars(await settledPods(cluster, 'ignore', 2))).toEqual(['web without', 'web without'])

    await webhook.run()
    await apply('ignore', workload('Deployment', 'later'))
    await kubectl('rollout', 'restart', '-n', 'ignore', 'deployment/web')
    await kubectl('rollout', 'status', '-n', 'ignore', 'deployment/web', '--timeout=60s')
    expect(sidecars(await settledPods(cluster, 'ignore', 3))).toEqual(['later with', 'web with', 'web with'])
    await webhook.register('Fail')
  })
})

describe.each(['SIGTERM', 'SIGKILL'] as const)('an API server restarted by %s', (signal) => {
  test('goes on calling the webhook', async () => {
    const namespace = `restart-${signal.toLowerCase()}`
    await webhook.createNamespace(namespace)
    await apply(namespace, workload('Deployment', 'before'))
    await settledPods(cluster, namespace, 1)
    await cluster.restartApiServer(signal)
    await apply(namespace, workload('Deployment', 'after', 2))
    const pods = await settledPods(cluster, namespace, 3)
    expect(sidecars(pods)).toEqual(['after with', 'after with', 'before with'])
  })
})

describe('certificates renewed under load', () => {
  const concurrency = 20

  beforeAll(async () => {
    await webhook.createNamespace('load')
  })

  /** Waits until new connections get another certificate than that one; answers with its serial number. */
  const swappedFrom = (serial: string) =>
    cluster.until('another certificate to be served', 10_000, async () => {
      const served = await webhook.servedSerial()
      return served !== serial && served
    })

  test('another certificate of the same authority, again and again: no create fails', async () => {
    const serials = [await webhook.servedSerial()]
    const {injected, failed} = await underLoad(cluster, 'load', concurrency, async () => {
      for (let i = 0; i < 6; i++) {
        await webhook.renew('certificate')
        serials.push(await swappedFrom(serials.at(-1) ?? ''))
        await webhook.register('Fail')
      }
    })
    expect(failed).toEqual([])
    expect(injected).toBeGreaterThan(6 * concurrency)
    expect(new Set(serials).size).toBe(7)
  })

  test('another authority, trusted beside the old one before it signs: no create fails', async () => {
    const {injected, failed} = await underLoad(cluster, 'load', concurrency, async () => {
      for (let i = 0; i < 2; i++) {
        await webhook.renew('authority')
        await webhook.register('Fail')
        const serial = await webhook.servedSerial()
        await webhook.renew('certificate')
        await swappedFrom(serial)
        await webhook.register('Fail')
      }
    })
    expect(failed).toEqual([])
    expect(injected).toBeGreaterThan(2 * concurrency)
  })

  test('what cannot be used is not served, and no create fails', async () => {
    const serial = await webhook.servedSerial()
    const {failed} = await underLoad(cluster, 'load', concurrency, async () => {
      await webhook.spoilCertificate()
      await webhook.register('Fail')
      expect(await webhook.servedSerial()).toBe(serial)
      await webhook.renew('certificate')
      await swappedFrom(serial)
    })
    expect(failed).toEqual([])
  })
  test('an authority that the API server was not told of: creates fail, so the ones above did meet new certificates', async () => {
    const before = await webhook.bundle()
    const {failed} = await underLoad(cluster, 'load', concurrency, async () => {
      const serial = await webhook.servedSerial()
      await webhook.renew('authority')
      await webhook.renew('certificate')
      await swappedFrom(serial)
      await webhook.register('Fail', before)
      await sleep(500)
    })
    expect(failed.join('\n')).toContain('certificate signed by unknown authority')
    await webhook.register('Fail')
    expect(await create('load', 'told')).toMatchObject({code: 0})
  })
})
