import {parseBool} from '../go/bool.ts'
import {flatText} from '../flat.ts'
import {goJson} from '../go/struct.ts'
import type {Container, EnvVar, Handler, HttpGet, Json, Probe, StringMap} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {findInPod, replaceInPod, type Draft} from './draft.ts'
import {appendVariable} from './metrics.ts'
import {proxyName} from './names.ts'
import {objectOf} from './proto.ts'
import {RefusedValue} from './rendering.ts'
import type {Settings} from './settings.ts'
import {shown} from './yaml-text.ts'

const probersVariable = 'ISTIO_KUBE_APP_PROBERS'

/**
 * Sends the kubelet's probes to the agent, which asks the application in its stead: the kubelet has no certificate
 * (pkg/kube/inject/app_probe.go).
 */
export function rewriteProbes(draft: Draft, {mesh, rewriteProbes: byDefault}: Settings, reinjected: boolean): Draft {
  const wanted = parseBool(own(draft.annotations, keys.rewriteProbers) ?? '') ?? byDefault
  if (findInPod(draft, proxyName) === undefined || !wanted) return draft
  const probers = probersOf(draft, mesh.statusPort)
  const recorded = probers === undefined ? draft : record(draft, probers, reinjected)
  const port = agentPort(draft.annotations, mesh.statusPort)
  const rewrite = (container: Container) => (container.name === proxyName ? container : rewritten(container, port))
  return {
    ...recorded,
    containers: mapped(recorded.containers, rewrite),
    initContainers: mapped(recorded.initContainers, rewrite),
  }
}

/** The same list where nothing changes. */
function mapped<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  const changed = list.map(change)
  return changed.some((item, index) => item !== list[index]) ? changed : list
}

/** The annotation has to be a plain number here; everything else becomes 0, which no probe may have. */
function agentPort(annotations: StringMap, statusPort: number): number {
  const text = own(annotations, keys.statusPort)
  if (text === undefined) return statusPort
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0
}

/** By the URL at which the agent is asked; undefined where there is nothing to ask. */
function probersOf({initContainers, containers}: Draft, statusPort: number): ReadonlyMap<string, Json> | undefined {
  const found = new Map<string, Json>()
  for (const container of [...initContainers, ...containers]) {
    if (container.name === proxyName) continue
    const {readinessProbe, livenessProbe, startupProbe, lifecycle} = container
    if (!(readinessProbe ?? livenessProbe ?? startupProbe ?? lifecycle)) continue
    const add = (url: string, handler: Handler | undefined, probe: boolean) => {
      const prober = handler === undefined ? undefined : proberOf(handler, container, statusPort, probe)
      if (prober !== undefined) found.set(url, prober)
    }
    add(healthUrl(container, 'readyz'), readinessProbe, true)
    add(healthUrl(container, 'livez'), livenessProbe, true)
    add(healthUrl(container, 'startupz'), startupProbe, true)
    add(lifecycleUrl(container, 'prestopz'), lifecycle?.preStop, false)
    add(lifecycleUrl(container, 'poststartz'), lifecycle?.postStart, false)
  }
  return found.size === 0 ? undefined : found
}

function healthUrl({name}: Container, what: string): string {
  return flatText('/app-health/', name, '/', what)
}

function lifecycleUrl({name}: Container, what: string): string {
  return flatText('/app-lifecycle/', name, '/', what)
}

/** The original check with its port as a number; undefined for what the agent is not to do. */
function proberOf(handler: Handler, container: Container, statusPort: number, isProbe: boolean): Json | undefined {
  const {httpGet, tcpSocket, grpc} = handler
  const timeout: unknown = handler['timeoutSeconds']
  const timeoutSeconds = isProbe && typeof timeout === 'number' && timeout !== 0 ? {timeoutSeconds: timeout} : {}
  if (httpGet !== undefined) {
    const port = numericPort(httpGet.port, container, statusPort)
    return port === undefined ? undefined : {httpGet: httpGetJson(httpGet, port), ...timeoutSeconds}
  }
  if (tcpSocket !== undefined) {
    const port = numericPort(tcpSocket.port, container, statusPort)
    const host = tcpSocket.host ?? ''
    return port === undefined ? undefined : {tcpSocket: {port, ...(host === '' ? {} : {host})}, ...timeoutSeconds}
  }
  if (grpc === undefined || !isProbe) return undefined
  return {grpc: {port: grpc.port ?? 0, service: grpc.service ?? null}, ...timeoutSeconds}
}

function httpGetJson({path = '', host = '', scheme = '', httpHeaders = []}: HttpGet, port: number): Json {
  const headers = httpHeaders.map(({name, value}) => ({
    name: typeof name === 'string' ? name : '',
    value: typeof value === 'string' ? value : '',
  }))
  return {
    ...(path === '' ? {} : {path}),
    port,
    ...(host === '' ? {} : {host}),
    ...(scheme === '' ? {} : {scheme}),
    ...(headers.length === 0 ? {} : {httpHeaders: headers}),
  }
}

/** A name is looked up among the container's own ports, of which the last of that name counts; the agent's port means done. */
function numericPort(
  port: number | string | undefined,
  {ports = []}: Container,
  statusPort: number,
): number | undefined {
  if (typeof port !== 'string') return port === statusPort ? undefined : (port ?? 0)
  const named = port === '' ? undefined : ports.findLast(({name}) => name === port)
  return named === undefined ? undefined : (named.containerPort ?? 0)
}

/** A pod that was injected before keeps what its agent already knows. */
function record(draft: Draft, probers: ReadonlyMap<string, Json>, reinjected: boolean): Draft {
  const present = reinjected ? findInPod(draft, proxyName)?.env?.find(({name}) => name === probersVariable) : undefined
  if (present === undefined) return appendVariable(draft, probersVariable, printed(probers))
  const known = parsed(present.value ?? '')
  if (known === undefined) return draft
  const value = printed(new Map([...probers, ...Object.entries(known)]))
  const replace = (variable: EnvVar) => (variable === present ? {name: probersVariable, value} : variable)
  return replaceInPod(draft, proxyName, (proxy) => ({...proxy, env: (proxy.env ?? []).map(replace)}))
}

function parsed(text: string): {readonly [url: string]: Json} | undefined {
  try {
    const value: Json = JSON.parse(text)
    return objectOf(value)
  } catch {
    return undefined
  }
}

/** A JSON object, sorted by URL. Never made as an object, for each name of a container would give it another shape. */
function printed(probers: ReadonlyMap<string, Json>): string {
  const fields = [...probers].sort(([a], [b]) => (a < b ? -1 : 1))
  return flatText('{', fields.map(([url, prober]) => `${goJson(url)}:${goJson(prober)}`).join(','), '}')
}

function rewritten(container: Container, port: number): Container {
  const {readinessProbe, livenessProbe, startupProbe, lifecycle} = container
  if (!(readinessProbe ?? livenessProbe ?? startupProbe ?? lifecycle)) return container
  const probe = (name: 'readinessProbe' | 'livenessProbe' | 'startupProbe', what: string) => {
    const before = container[name]
    const after = before === undefined ? undefined : toAgent(before, healthUrl(container, what), port, true)
    return after === undefined ? {} : {[name]: after}
  }
  const hook = (name: 'preStop' | 'postStart', what: string) => {
    const before = lifecycle?.[name]
    const after = before === undefined ? undefined : toAgent(before, lifecycleUrl(container, what), port, false)
    return after === undefined ? {} : {[name]: after}
  }
  const probes = {
    ...probe('readinessProbe', 'readyz'),
    ...probe('livenessProbe', 'livez'),
    ...probe('startupProbe', 'startupz'),
  }
  const hooks = {...hook('preStop', 'prestopz'), ...hook('postStart', 'poststartz')}
  const changes = {...probes, ...(isEmpty(hooks) ? {} : {lifecycle: {...lifecycle, ...hooks}})}
  if (isEmpty(changes)) return container
  if (port < 1 || port > 65535) {
    throw new RefusedValue(
      `the probes of container ${shown(container.name)} cannot go to port ${port}; correct annotation ${keys.statusPort}, or set ${keys.rewriteProbers}: "false"`,
    )
  }
  return {...container, ...changes}
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}

/** A probe may speak HTTP, TCP or gRPC, a hook HTTP or TCP; the agent is asked over HTTP. */
function toAgent(handler: Probe, path: string, port: number, isProbe: boolean): Probe | undefined {
  const {httpGet, tcpSocket, grpc, ...rest} = handler
  if (httpGet !== undefined) {
    const scheme = httpGet.scheme === 'HTTPS' ? {scheme: 'HTTP'} : {}
    return {...handler, httpGet: {...httpGet, path, port, ...scheme}}
  }
  if (tcpSocket === undefined && (grpc === undefined || !isProbe)) return undefined
  return {...rest, httpGet: {path, port}}
}
