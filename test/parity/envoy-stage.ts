import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Agent, request} from 'undici'
import {worldOf} from '../../src/intent/testing.ts'
import type {ServiceIntent, ServiceName} from '../../src/intent/intent.ts'
import {serviceUnit} from '../../src/intent/unit.ts'
import {comparable} from '../../src/rules/version.ts'
import {eventually, startProxy} from '../envoy/proxy.ts'
import {callerHeader, envoyOf, type Translated} from './envoy-config.ts'
import {namespace, objectsOf, type Case, type Seen, type Sent, type Stage} from './stage.ts'
import type {Upstream} from './upstream.ts'

/** One real Envoy that plays every case, each on a port of its own. */
export interface RunningEnvoy {
  stageOf(name: string, endpoints: readonly Upstream[]): Stage
  stop(): Promise<void>
}

/** Starts Envoy with all cases, whose endpoints run already. */
export async function startEnvoy(
  program: string,
  cases: readonly {readonly one: Case; readonly endpoints: readonly Upstream[]}[],
): Promise<RunningEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), 'meshwright-parity-'))
  const [file, addressFile] = [join(folder, 'envoy.json'), join(folder, 'admin')]
  const all = cases.map(({one, endpoints}) => translate(one, endpoints))
  const configuration = {
    admin: {address: {socket_address: {address: '127.0.0.1', port_value: 0}}},
    static_resources: {
      listeners: all.map(({listener}) => listener),
      clusters: all.flatMap(({clusters}) => clusters),
    },
  }
  await writeFile(file, JSON.stringify(configuration))
  const args = ['-c', file, '--admin-address-path', addressFile, '--concurrency', '1', '--disable-hot-restart']
  const proxy = startProxy(program, {argv: ['envoy', ...args, '--log-level', 'warn'], env: new Map()})
  const agent = new Agent({connections: 200, keepAliveTimeout: 60_000})
  const stop = async () => {
    await agent.destroy()
    await proxy.stop()
    await rm(folder, {recursive: true})
  }
  const ports = await eventually(
    () => portsOf(addressFile).catch(() => new Map<string, number>()),
    (known) => known.size === cases.length,
  )
  if (ports.size < cases.length) {
    const output = proxy.output()
    await stop()
    throw new Error(`Envoy does not come up: ${output}`)
  }
  return {
    stageOf(name, endpoints) {
      const origin = `http://127.0.0.1:${ports.get(name) ?? 0}`
      return {endpoints, send: (sent = {}) => send(origin, agent, sent)}
    },
    stop,
  }
}

function translate(one: Case, endpoints: readonly Upstream[]): Translated {
  const world = worldOf(objectsOf(one), {cluster: false})
  const intentOf = (service: ServiceName): ServiceIntent | undefined => {
    const {wanted, problems} = world.intentOf(serviceUnit(service))
    if (problems.length > 0) throw new Error(`${one.name}: ${problems.map(({message}) => message).join('; ')}`)
    return wanted?.kind === 'service' ? wanted.intent : undefined
  }
  const own = {namespace, name: 'a'}
  const intent = intentOf(own) ?? {service: own, protocol: 'http', calls: []}
  return envoyOf(one.name, intent, intentOf, (service, subset) =>
    endpoints.flatMap(({script, port}) => {
      const isOne = (script.service ?? 'a') === service.name
      return isOne && (subset === undefined || comparable(script.version ?? '') === comparable(subset)) ? [port] : []
    }),
  )
}

async function portsOf(addressFile: string): Promise<ReadonlyMap<string, number>> {
  const admin = await readFile(addressFile, 'utf8')
  const answer = await fetch(`http://${admin.trim()}/listeners?format=json`)
  const {listener_statuses: listeners = []} = (await answer.json()) as {
    listener_statuses?: {name: string; local_address: {socket_address: {port_value: number}}}[]
  }
  return new Map(listeners.map(({name, local_address: {socket_address}}) => [name, socket_address.port_value]))
}

async function send(origin: string, agent: Agent, {caller, giveUpAfter, ...sent}: Sent): Promise<Seen> {
  const {method = 'GET', path = '/', headers = {}} = sent
  const started = performance.now()
  const seen = (status: number, answered: Readonly<Record<string, string | string[] | undefined>>): Seen => ({
    status,
    version: textOf(answered['x-version']),
    attempts: Number(answered['x-envoy-attempt-count'] ?? 0),
    took: performance.now() - started,
  })
  try {
    const answer = await request(`${origin}${path}`, {
      dispatcher: agent,
      method,
      headers: {...headers, ...(caller !== undefined && {[callerHeader]: caller})},
      ...(giveUpAfter !== undefined && {signal: AbortSignal.timeout(giveUpAfter)}),
    })
    await answer.body.text()
    return seen(answer.statusCode, answer.headers)
  } catch {
    return seen(0, {})
  }
}

function textOf(value: string | string[] | undefined = ''): string {
  return typeof value === 'string' ? value : value.join(', ')
}
