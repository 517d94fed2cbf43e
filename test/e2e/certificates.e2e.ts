import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {everyCertificate} from '../../src/certs/bundle.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {meshwright} from './command.ts'
import {controllerKubeconfig, ControllerProcess, installController, ownNamespace} from './controller.ts'
import {Proxy} from './proxy.ts'
import {
  controllerSettings,
  encode,
  serialOf,
  servername,
  WebhookCertificates,
  webhookName as name,
} from './webhook-certificates.ts'

// The controller keeps the webhook's certificates: three replicas behind a Service, their files as a kubelet writes them, and
// the API server calls them as it does in any cluster.

let cluster: Cluster
let proxy: Proxy
let kubeconfig = ''
let webhook: WebhookCertificates
let controllers: ControllerProcess[] = []

beforeAll(async () => {
  cluster = await startCluster({apiServerArgs: ['--enable-aggregator-routing=true']})
  await installController(cluster)
  proxy = await Proxy.start(cluster)
  kubeconfig = await controllerKubeconfig(cluster, proxy)
  await cluster.createNamespace('load')
  webhook = new WebhookCertificates(cluster)
  await webhook.register()
  controllers = [start(), start()]
})

afterAll(async () => {
  await webhook.end()
  for (const controller of controllers) expect(await controller.end()).toBe(0)
  proxy.stop()
  await cluster.stop()
})

const start = (...args: string[]) => ControllerProcess.start(cluster, kubeconfig, [...controllerSettings, ...args])
const watched = (during: () => Promise<void>) => webhook.watched('load', during)

/** As a user asks for it, and waits for it. */
function rotate(...args: readonly string[]): Promise<string> {
  return meshwright(['certs', 'rotate', '--kubeconfig', cluster.kubeconfig, '--wait', '90s', ...args])
}

/** Of the one that leads. */
async function metrics(): Promise<string> {
  const all = await Promise.all(controllers.map(async (controller) => (await controller.ask('/metrics')).text))
  return all.find((text) => /^meshwright_controller_leads 1$/m.test(text)) ?? ''
}

test('from nothing: an authority, a certificate for the Service, caBundle, and pods get their sidecars', async () => {
  await webhook.serve(3, ['load'])
  await webhook.steady('the start')
  await watched(() => sleep(1000))
  expect((await webhook.secret('meshwright-webhook-tls'))?.type).toBe('kubernetes.io/tls')
  const [leaf] = everyCertificate(await webhook.textOf('meshwright-webhook-tls', 'tls.crt'))
  for (const host of [servername, `${servername}.cluster.local`, name]) expect(leaf?.checkHost(host)).toBe(host)
  expect(leaf?.checkHost('elsewhere.example')).toBeUndefined()
  const days = ((leaf?.validToDate.getTime() ?? 0) - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(6.9)
  expect(days).toBeLessThan(7.1)
})

test('who reads what was logged and told learns no key', async () => {
  const keys = [
    await webhook.textOf('meshwright-ca', 'tls.key'),
    await webhook.textOf('meshwright-webhook-tls', 'tls.key'),
  ]
  for (const key of keys) {
    const [, line = ''] = key.split('\n')
    expect(line).toHaveLength(64)
    for (const {log} of controllers) expect(log).not.toContain(line)
    expect(await metrics()).not.toContain(line)
  }
})

test('tells when authority and certificate expire', async () => {
  const text = await metrics()
  for (const [certificate, days] of [
    ['webhook', 7],
    ['authority', 365],
  ] as const) {
    const expiry = new RegExp(
      `meshwright_certificate_expiry_timestamp_seconds\\{certificate="${certificate}"\\} (\\S+)`,
    ).exec(text)?.[1]
    expect((Number(expiry) - Date.now() / 1000) / 86_400).toBeCloseTo(days, 0)
  }
  expect(text).toContain('meshwright_certificate_authorities 1')
})

test.each(['', encode('no certificate')])(
  'caBundle overwritten with %j is put right within 5 s, and nothing else',
  async (foreign) => {
    const before = await webhook.bundle()
    await webhook.overwrite(foreign)
    const since = performance.now()
    await cluster.until('caBundle to be put right', 5000, async () => (await webhook.bundle()) === before)
    expect(performance.now() - since).toBeLessThan(5000)
    const {metadata} = await webhook.registration()
    const ours = metadata.managedFields.filter(({manager}) => manager === 'meshwright')
    expect(ours.map(({fieldsV1}) => fieldsV1)).toEqual([
      {
        'f:webhooks': {
          'k:{"name":"inject.meshwright.dev"}': {'f:clientConfig': {'f:caBundle': {}}},
        },
      },
    ])
    await webhook.steady('after that')
  },
)

test('another certificate again and again under load: no create fails', async () => {
  const serials = new Set([await webhook.steady('before')])
  await watched(async () => {
    for (let i = 0; i < 3; i++) {
      await rotate()
      serials.add(await webhook.steady(`rotation ${i + 1}`))
    }
  })
  expect(serials.size).toBe(4)
})

test('another authority twice in a row, three replicas, files late: no create fails', async () => {
  const before = await webhook.textOf('meshwright-ca', 'tls.crt')
  for (const [index, replica] of webhook.replicas.entries()) replica.mount.delay = index * 1500
  await watched(async () => {
    await rotate('--ca')
    await rotate('--ca')
    await webhook.steady('the second rotation')
  })
  for (const replica of webhook.replicas) replica.mount.delay = 0
  const after = await webhook.textOf('meshwright-ca', 'tls.crt')
  expect(after).not.toBe(before)
  expect(everyCertificate(await webhook.bundle())).toHaveLength(1)
  expect(await webhook.bundle()).toBe(after)
})

test.each([
  ['emptied', {'tls.crt': '', 'tls.key': '', 'ca.crt': ''}],
  ['filled with garbage', {'tls.crt': encode('garbage'), 'tls.key': encode('more')}],
])('the Secret of the webhook %s under load: the last good pair serves until there is another', async (_, data) => {
  const before = await webhook.steady('before')
  await watched(async () => {
    await webhook.patchSecret('meshwright-webhook-tls', {data})
    await cluster.until('another certificate', 30_000, async () => (await webhook.steady('after')) !== before)
  })
})

test('a certificate whose time has come is renewed; one that is for other names too', async () => {
  const authority = {
    cert: await webhook.textOf('meshwright-ca', 'tls.crt'),
    key: await webhook.textOf('meshwright-ca', 'tls.key'),
  }
  const {issue} = await import('../../src/certs/authority.ts')
  for (const [hosts, age] of [
    [[servername, `${servername}.cluster.local`, `${name}.${ownNamespace}`, name], 4.8],
    [['elsewhere.example'], 0],
  ] as const) {
    const pair = await issue(authority, hosts, new Date(Date.now() - age * 86_400_000))
    await webhook.patchSecret('meshwright-webhook-tls', {
      data: {'tls.crt': encode(pair.cert), 'tls.key': encode(pair.key)},
    })
    await cluster.until(
      'another certificate',
      30_000,
      async () => (await webhook.steady('after')) !== serialOf(pair.cert),
    )
  }
})

test.each(['deleted', 'damaged'])(
  'the Secret of the authority %s under load: another one takes over, and no create fails',
  async (how) => {
    const before = await webhook.textOf('meshwright-ca', 'tls.crt')
    await watched(async () => {
      if (how === 'damaged')
        await webhook.patchSecret('meshwright-ca', {data: {'tls.key': encode('no key'), 'ca.crt': encode('?')}})
      else await cluster.kubectl(['delete', 'secret', '-n', ownNamespace, 'meshwright-ca'])
      await cluster.until('another authority', 60_000, async () => {
        const after = await webhook.textOf('meshwright-ca', 'tls.crt')
        return after !== '' && after !== before
      })
      await webhook.steady('after')
    })
    expect(controllers.some(({log}) => log.includes('MW6503'))).toBe(true)
  },
)

test('the leader killed after every write of a rotation: the next one goes on, and no create fails', async () => {
  const before = await webhook.textOf('meshwright-ca', 'tls.crt')
  let kills = 0
  await watched(async () => {
    proxy.onAnswer = async ({method, url, status}) => {
      if (method === 'GET' || status >= 300 || !/secrets|mutatingwebhook/.test(url)) return
      kills++
      const leader = controllers.find(
        ({isRunning, log}) => isRunning && log.lastIndexOf('"leading"') > log.lastIndexOf('"not leading'),
      )
      // It never hears of its write.
      await leader?.end('SIGKILL')
      controllers = [...controllers.filter(({isRunning}) => isRunning), start()]
      // The next one need not wait for the lease of the dead.
      await cluster.kubectl(['delete', 'lease', '-n', ownNamespace, 'meshwright-controller'])
    }
    await webhook.patchSecret('meshwright-ca', {
      metadata: {annotations: {'meshwright.dev/rotate': `${process.hrtime.bigint()}`}},
    })
    await cluster.until(
      'another authority',
      150_000,
      async () => (await webhook.textOf('meshwright-ca', 'tls.crt')) !== before,
    )
    await webhook.steady('after the kills', 150_000)
    proxy.onAnswer = () => undefined
  })
  // Both authorities announced, the promotion, the certificate, the end of the old one: in the Secrets and in caBundle.
  expect(kills).toBeGreaterThanOrEqual(4)
}, 400_000)

test('whoever overwrites caBundle all the time is answered ten times a minute, named, and gives way in the end', async () => {
  // Writes are counted by whoever leads: with leases of a second, a moment in which the machine stands changes the leader.
  // One that was started a moment ago may not hear SIGTERM yet.
  for (const controller of controllers) await controller.end()
  controllers = [start('--lease-duration', '15s')]
  await controllers[0]?.leads()
  await webhook.steady('before the fight')
  const right = await webhook.bundle()
  const repairs: number[] = []
  const end = performance.now() + 65_000
  while (performance.now() < end) {
    if ((await webhook.bundle()) === right) {
      repairs.push(performance.now())
      // Of a field that is emptied the API server keeps no owner.
      await webhook.overwrite(encode('another bundle'), 'argocd-controller')
    }
    await sleep(50)
  }
  // The first time it was found right, not put right; each time it is seen a little later than it was written.
  for (const at of repairs.slice(1)) {
    expect(repairs.slice(1).filter((other) => other >= at && other < at + 58_000).length).toBeLessThanOrEqual(10)
  }
  expect(repairs.length).toBeGreaterThan(5)
  expect(await metrics()).toMatch(/meshwright_cabundle_overwrites_total\{manager="argocd-controller"\} \d+/)
  const {stdout} = await cluster.kubectl([
    'get',
    'events.events.k8s.io',
    '-n',
    'default',
    '-o',
    'jsonpath={.items[*].note}',
  ])
  expect(stdout).toContain('MW6501 caBundle is overwritten again and again by argocd-controller')
  await cluster.until('caBundle to be put right', 70_000, async () => (await webhook.bundle()) === right)
}, 400_000)

test('a Secret that somebody else fills: caBundle follows it, over a change of its issuer under load', async () => {
  for (const controller of controllers) expect(await controller.end()).toBe(0)
  controllers = [start('--certificates', 'external')]
  await controllers[0]?.leads()
  const {issue, makeAuthority} = await import('../../src/certs/authority.ts')
  const issued = (await webhook.secret('meshwright-ca'))?.metadata.resourceVersion
  await watched(async () => {
    for (let i = 0; i < 2; i++) {
      const authority = await makeAuthority(new Date())
      const pair = await issue(authority, [servername], new Date())
      // cert-manager writes both at once; replicas get them later than we do, for a kubelet looks once a minute.
      for (const replica of webhook.replicas) replica.mount.delay = 10_000
      const data = {'tls.crt': encode(pair.cert), 'tls.key': encode(pair.key), 'ca.crt': encode(authority.cert)}
      await webhook.patchSecret('meshwright-webhook-tls', {data})
      await cluster.until(
        'the issuer alone to be trusted',
        60_000,
        async () => (await webhook.bundle()) === authority.cert,
      )
    }
  })
  for (const replica of webhook.replicas) replica.mount.delay = 0
  expect((await webhook.secret('meshwright-ca'))?.metadata.resourceVersion).toBe(issued)
  const right = await webhook.bundle()
  await webhook.overwrite('')
  await cluster.until('caBundle to be put right', 5000, async () => (await webhook.bundle()) === right)
})

test('a Secret of somebody else that cannot be used is a metric, until it can', async () => {
  const failing = (value: number) =>
    cluster.until(`failing to be ${value}`, 30_000, async () =>
      (await metrics()).includes(`meshwright_certificate_failing ${value}\n`),
    )
  await failing(0)
  const good = (await webhook.secret('meshwright-webhook-tls'))?.data?.['tls.crt']
  await webhook.patchSecret('meshwright-webhook-tls', {data: {'tls.crt': encode('half a pair')}})
  await failing(1)
  await webhook.patchSecret('meshwright-webhook-tls', {data: {'tls.crt': good}})
  await failing(0)
})

test('nothing of this was forbidden', () => {
  expect(proxy.calls.filter(({status}) => status === 403).map(({method, url}) => `${method} ${url}`)).toEqual([])
})
