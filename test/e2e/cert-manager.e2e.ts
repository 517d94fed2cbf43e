import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {z} from 'zod'
import {everyCertificate} from '../../src/certs/bundle.ts'
import {ensureCertManager} from '../cluster/binaries.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {root} from './command.ts'
import {controllerKubeconfig, ControllerProcess, installController, ownNamespace} from './controller.ts'
import {crdsIn, installCrds} from './crds.ts'
import {Proxy} from './proxy.ts'
import {controllerSettings, WebhookCertificates} from './webhook-certificates.ts'

// cert-manager's own controllers fill the Secret from the Certificate that the installation makes; our controller only keeps caBundle.

const CERTIFICATE = z.looseObject({
  status: z.looseObject({conditions: z.array(z.looseObject({type: z.string()})).default([])}).default({conditions: []}),
})
const objects = join(root, 'manifests/kustomize/components/cert-manager/objects.yaml')

let cluster: Cluster
let proxy: Proxy
let kubeconfig = ''
let webhook: WebhookCertificates
let controllers: ControllerProcess[] = []
let certManager: ChildProcess
let said = ''

beforeAll(async () => {
  const {program, crds} = await ensureCertManager()
  cluster = await startCluster({apiServerArgs: ['--enable-aggregator-routing=true']})
  await installController(cluster)
  await installCrds(cluster, await crdsIn(crds))
  certManager = spawn(program, [cluster.kubeconfig], {stdio: ['ignore', 'ignore', 'pipe']})
  certManager.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  proxy = await Proxy.start(cluster)
  kubeconfig = await controllerKubeconfig(cluster, proxy)
  await cluster.createNamespace('load')
  webhook = new WebhookCertificates(cluster)
  await webhook.register()
  controllers = start('external')
})

afterAll(async () => {
  await webhook.end()
  for (const controller of controllers) expect(await controller.end()).toBe(0)
  if (certManager.exitCode === null) {
    certManager.kill('SIGTERM')
    await once(certManager, 'exit')
  }
  proxy.stop()
  await cluster.stop()
})

const start = (certificates: 'external' | 'managed') =>
  [1, 2].map(() =>
    ControllerProcess.start(cluster, kubeconfig, [...controllerSettings, '--certificates', certificates]),
  )
const watched = (during: () => Promise<void>) => webhook.watched('load', during)

async function kubectl(...args: readonly string[]): Promise<void> {
  const {code, stderr} = await cluster.kubectl(args)
  expect(code, stderr).toBe(0)
}

/** As `cmctl renew` does it. */
async function renew(name: string): Promise<void> {
  const path = `/apis/cert-manager.io/v1/namespaces/${ownNamespace}/certificates/${name}`
  const {status} = CERTIFICATE.parse((await cluster.api.request('GET', path)).body)
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const issuing = {type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: 'A test.', lastTransitionTime}
  const conditions = [...status.conditions.filter(({type}) => type !== 'Issuing'), issuing]
  const patch = {status: {conditions}}
  const answer = await cluster.api.request('PATCH', `${path}/status`, patch, 'application/merge-patch+json')
  expect(answer.status).toBe(200)
}

const authority = () => webhook.textOf('meshwright-ca', 'tls.crt')

function another(what: string, of: () => Promise<string>, before: string): Promise<unknown> {
  return cluster.until(`${what}; cert-manager said:\n${said}`, 60_000, async () => {
    const now = await of()
    return now !== '' && now !== before
  })
}

test('from nothing: cert-manager issues, the API server trusts its authority, and pods get their sidecars', async () => {
  await kubectl('apply', '--validate=strict', '-f', objects)
  await webhook.serve(2, ['load'])
  await webhook.steady('the start')
  await watched(() => sleep(1000))
  const days = await daysLeft()
  expect(days).toBeGreaterThan(6.9)
  expect(days).toBeLessThan(7.1)
})

test('a renewed certificate under load, and files that come late: no create fails', async () => {
  const before = await webhook.steady('before')
  for (const replica of webhook.replicas) replica.mount.delay = 5000
  await watched(async () => {
    await renew('meshwright-webhook-tls')
    await another('another certificate', () => webhook.steady('after'), before)
  })
})

test('a renewed authority, and the certificate after it, under load: no create fails', async () => {
  const [before, trusted] = [await authority(), await webhook.bundle()]
  await watched(async () => {
    await renew('meshwright-ca')
    await another('another authority', authority, before)
    // Nothing that serves is signed by it yet.
    expect(await webhook.bundle()).toBe(trusted)
    await renew('meshwright-webhook-tls')
    await webhook.steady('after')
  })
  expect(await webhook.bundle()).toBe(await authority())
})

test('from cert-manager to our own authority and back, under load: no create fails', async () => {
  const before = await webhook.steady('before')
  await watched(async () => {
    await kubectl('delete', '-f', objects)
    await restart('managed')
    const {stdout} = await cluster.kubectl([
      '-n',
      ownNamespace,
      'annotate',
      'secret',
      'meshwright-ca',
      'meshwright.dev/rotate=now',
    ])
    expect(stdout).toContain('annotated')
    await another('a certificate of ours', () => webhook.steady('ours', 120_000), before)
    const ours = await authority()
    await restart('external')
    await kubectl('apply', '-f', objects)
    await another("cert-manager's authority", authority, ours)
    // Its first certificate may be signed by the authority that it found.
    await renew('meshwright-webhook-tls')
    await webhook.steady('after', 120_000)
  })
}, 400_000)

test('nothing of this was forbidden', () => {
  expect(proxy.calls.filter(({status}) => status === 403).map(({method, url}) => `${method} ${url}`)).toEqual([])
})

async function restart(certificates: 'external' | 'managed'): Promise<void> {
  for (const controller of controllers) expect(await controller.end()).toBe(0)
  controllers = start(certificates)
}

async function daysLeft(): Promise<number> {
  const [leaf] = everyCertificate(await webhook.textOf('meshwright-webhook-tls', 'tls.crt'))
  return ((leaf?.validToDate.getTime() ?? 0) - Date.now()) / 86_400_000
}
