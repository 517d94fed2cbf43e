import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {request as httpRequest} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'
import type {KeyPair} from '../../src/admission/tls.ts'
import {writeFolder} from '../../src/certs/folder.ts'
import {inspect} from '../../src/certs/pair.ts'
import {issue} from '../../src/certs/authority.ts'
import {authority, call, eventually, keyPair, post, reviewOf, statuses, Wire} from './harness.ts'
import {WebhookProcess} from './webhook-process.ts'

let folder: string
let certs: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshwright-webhook-'))
  certs = join(folder, 'certs')
})
afterAll(() => rm(folder, {recursive: true}))

const started: WebhookProcess[] = []
afterEach(() => {
  for (const {child} of started.splice(0)) child.kill('SIGKILL')
})

function command(...args: string[]): WebhookProcess {
  const one = new WebhookProcess(folder, args)
  started.push(one)
  return one
}

const file = (name: string, text: string) => writeFile(join(folder, name), text)
const saw = (one: WebhookProcess, message: string) => eventually(() => one.saw(message))

const linkerd = (enabled: boolean) =>
  `mesh: {type: linkerd, autoInject: ${enabled}, linkerd: {values: {identityTrustAnchorsPEM: ${JSON.stringify(authority.cert)}}}}\n`
const pod = {
  metadata: {name: 'web', namespace: 'shop'},
  spec: {containers: [{name: 'app', image: 'app:1'}], serviceAccountName: 'default'},
}

function serialOf(pair: KeyPair): string | undefined {
  return inspect(pair, undefined, new Date()).leaf?.serial
}

describe('meshwright webhook', () => {
  it('decides, serves its metrics, logs one line a review, drains at SIGTERM and exits 0', async () => {
    await writeFolder(certs, keyPair, authority.cert)
    await file('mesh.yaml', linkerd(false))
    await file(
      'objects.yaml',
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n{"kind": "Namespace", "metadata": {"name": "b"}}\n',
    )
    const metricsPort = 20_000 + Math.floor(Math.random() * 10_000)
    const one = command(
      '--config',
      'mesh.yaml',
      '--objects',
      'objects.yaml',
      '--cert-dir',
      certs,
      '--drain',
      '500ms',
      '--metrics-port',
      String(metricsPort),
    )
    const port = await one.ready()
    const {response} = JSON.parse((await call(port, {body: reviewOf('w-1', pod)})).text)
    expect(response).toMatchObject({uid: 'w-1', allowed: true, auditAnnotations: {code: 'MW1108'}})
    expect((await call(port, {body: '{'})).status).toBe(400)
    await saw(one, 'reviewed')
    expect(one.lines.find(({msg}) => msg === 'reviewed')).toMatchObject({
      namespace: 'shop',
      owner: 'Pod/web',
      mesh: 'linkerd',
      decision: 'skipped',
      code: 'MW1108',
      ms: expect.any(Number),
    })

    const metrics = await scrape(metricsPort, '/metrics')
    expect(metrics.status).toBe(200)
    expect(metrics.text).toContain(
      'meshwright_admission_decisions_total{mesh="linkerd",decision="skipped",code="MW1108"} 1',
    )
    expect(metrics.text).toContain('meshwright_admission_duration_seconds_count 1')
    expect(metrics.text).toMatch(/meshwright_admission_duration_seconds_bucket\{le="5"\} 1/)
    expect(metrics.text).toContain('meshwright_admission_shed_total 0')
    expect(metrics.text).toContain('meshwright_admission_in_flight 0')
    expect(metrics.text).toContain('meshwright_configuration_generation 1')
    expect(metrics.text).toContain('meshwright_configuration_errors_total 0')
    expect(metrics.text).toContain('meshwright_configuration_last_reload_successful 1')
    expect(metrics.text).toContain('meshwright_certificate_errors_total 0')
    const expiry = (inspect(keyPair, undefined, new Date()).leaf?.notAfter.getTime() ?? 0) / 1000
    expect(metrics.text).toContain(`meshwright_certificate_expiry_timestamp_seconds ${expiry}`)
    expect(metrics.text).toMatch(/process_resident_memory_bytes \d+/)
    expect(metrics.text).toMatch(/nodejs_eventloop_lag_seconds/)
    expect((await scrape(metricsPort, '/')).status).toBe(404)
    expect((await scrape(metricsPort, '/metrics', 'POST')).status).toBe(405)

    const wire = await Wire.open(port)
    wire.write(post(reviewOf('w-2', pod)))
    await wire.until((text) => text.includes('w-2'))
    const told = performance.now()
    one.child.kill('SIGTERM')
    await saw(one, 'told to stop')
    expect((await call(port, {method: 'GET', path: '/readyz'})).status).toBe(503)
    wire.write(post(reviewOf('w-3', pod)))
    expect(statuses(await wire.until(() => wire.closed))).toEqual(['200', '200'])
    expect(await one.exit).toBe(0)
    expect(performance.now() - told).toBeGreaterThan(450)
    expect(one.lines.at(-1)).toMatchObject({msg: 'stopped'})
  })

  it('takes changes of configuration and objects, and keeps the last good ones', async () => {
    await writeFolder(certs, keyPair, authority.cert)
    await file('mesh.yaml', linkerd(false))
    await file('objects.yaml', 'kind: Namespace\nmetadata: {name: shop}\n')
    const one = command('--config', 'mesh.yaml', '--objects', 'objects.yaml', '--cert-dir', certs)
    const port = await one.ready()
    const code = async () =>
      JSON.parse((await call(port, {body: reviewOf('c', pod)})).text).response.auditAnnotations.code
    expect(await code()).toBe('MW1108')
    await file('mesh.yaml', linkerd(true))
    await eventually(async () => (await code()) === 'MW1005')
    await file('mesh.yaml', 'mesh: {typo: 1}\n')
    await saw(one, 'not taken')
    expect(one.lines.find(({msg}) => String(msg).startsWith('not taken'))?.['problem']).toMatch(
      /^mesh.yaml:1:8 MW4003 /,
    )
    expect(await code()).toBe('MW1005')
    await file('mesh.yaml', linkerd(true))
    await file('objects.yaml', 'kind: Namespace\nmetadata: {name: shop, labels: {meshwright.dev/inject: disabled}}\n')
    await eventually(async () => (await code()) === 'MW1106')
    await file('objects.yaml', 'a: [')
    await eventually(() => one.lines.some(({problem}) => String(problem).startsWith('MW5102 objects.yaml')))
    expect(await code()).toBe('MW1106')
    await rm(join(folder, 'objects.yaml'))
    await eventually(() => one.lines.some(({problem}) => String(problem).includes('cannot read objects.yaml')))
    expect(await code()).toBe('MW1106')
  })

  it('swaps certificates live, and keeps the last good pair', async () => {
    await writeFolder(certs, keyPair, authority.cert)
    const one = command('--cert-dir', certs)
    const port = await one.ready()
    const served = async () => {
      const {socket} = await Wire.open(port)
      const {serialNumber} = socket.getPeerCertificate()
      socket.destroy()
      return serialNumber
    }
    expect(await served()).toBe(serialOf(keyPair))
    const next = await issue(authority, ['localhost'], new Date())
    await file('certs/tls.crt', next.cert)
    await saw(one, 'certificate not taken')
    expect(await served()).toBe(serialOf(keyPair))
    await file('certs/tls.key', next.key)
    await eventually(async () => (await served()) === serialOf(next))
  })

  it('ends at once at a second signal', async () => {
    const one = command('--drain', '30s')
    await one.ready()
    one.child.kill('SIGINT')
    await saw(one, 'told to stop')
    one.child.kill('SIGINT')
    expect(await one.exit).toBe(1)
  })

  it.each([
    [['--config', 'absent.yaml'], 1, /MW4001 cannot read absent.yaml/],
    [['--config', 'bad.yaml'], 1, /bad.yaml:1:8 MW4003 /],
    [['--config', '-'], 2, /standard input/],
    [['--objects', 'absent.yaml'], 1, /MW5102 cannot read absent.yaml/],
    [['--cert-dir', 'absent'], 1, /MW5101 .*absent/],
    [['--env', 'nowhere'], 1, /MW4012 unknown environment "nowhere"/],
    [['--drain', '5'], 2, /duration/],
    [['--port', '70000'], 2, /port/],
    [['--max-in-flight', '0'], 2, /whole number/],
    [['--host', '203.0.113.7'], 1, /cannot listen on 203.0.113.7/],
  ])('%s is a sentence and exit code %s', async (args, code, sentence) => {
    await file('bad.yaml', 'mesh: {typo: 1}\n')
    const one = command(...args)
    expect(await one.exit).toBe(code)
    expect(one.text).toMatch(sentence)
    expect(one.text).not.toMatch(/^ +at /m)
  })
})

function scrape(port: number, path: string, method = 'GET'): Promise<{status: number; text: string}> {
  const {promise, resolve, reject} = Promise.withResolvers<{status: number; text: string}>()
  httpRequest({host: '127.0.0.1', port, path, method, agent: false}, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.on('end', () => resolve({status: response.statusCode ?? 0, text}))
  })
    .on('error', reject)
    .end()
  return promise
}
