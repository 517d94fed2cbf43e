import {shown} from '../config/problem.ts'
import type {Path} from '../config/tree.ts'
import type {Values} from '../mesh/values.ts'
import {serviceOfHost} from './host.ts'
import {
  retryConditions,
  type Backend,
  type Protocol,
  type RetryCondition,
  type Retries,
  type Route,
  type ServiceName,
} from './intent.ts'
import {isEverything, readMatch} from './istio-match.ts'
import {sharesOf} from './shares.ts'
import {shownService} from './unit.ts'
import type {Wording} from './wording.ts'

/** What the routes of a VirtualService are read with. */
export interface Around {
  /** Whose VirtualService it is. */
  readonly service: ServiceName
  readonly protocol: Protocol
  /** Where hosts without a namespace are. */
  readonly home: string
  /** Names of the subsets that the configuration declares of a service. */
  subsetsOf(service: ServiceName): readonly string[]
}

/** The HTTP routes of a VirtualService. */
export function readVirtualService(spec: Values, wording: Wording, around: Around): readonly Route[] {
  wording.noteOthers(spec, [], ['hosts', 'http'])
  const routes: Route[] = []
  for (const [index, item] of wording.list(spec['http'], ['http']).entries()) {
    const path: Path = ['http', index]
    if (routes.at(-1)?.matches.length === 0) {
      wording.ignore('MW6016', 'split', path, 'a route before this one is for every request')
      continue
    }
    const route = readRoute(wording.map(item, path), path, wording, around)
    if (route !== undefined) routes.push(route)
  }
  if (routes.length > 0 && routes.at(-1)?.matches.length !== 0) {
    // Istio answers 404 to what no route is for.
    wording.noteBeyond(['http'], ' without a route for all other requests')
    const origin = wording.origin(['http'])
    routes.push({
      matches: [],
      backends: [{service: around.service, weight: 100, origin}],
      feature: 'split',
      origin,
    })
  }
  return routes
}

function readRoute(http: Values, path: Path, wording: Wording, around: Around): Route | undefined {
  wording.noteOthers(http, path, ['name', 'match', 'route', 'timeout', 'retries'])
  const matches = wording.list(http['match'], [...path, 'match'])
  const read = matches.flatMap((match, index) => readMatch(match, [...path, 'match', index], wording) ?? [])
  const destinations = wording.list(http['route'], [...path, 'route'])
  const backends = readBackends(destinations, [...path, 'route'], wording, around)
  const timeout = wording.duration(http['timeout'], [...path, 'timeout'])
  const retries =
    readRetries(http['retries'], [...path, 'retries'], wording, around) ?? usualRetries(path, wording, around)
  const total = timeout ?? Infinity
  if ((retries?.perTryTimeout ?? 0) > total) {
    const message = 'the limit on one try is longer than timeout, which is for all tries together'
    wording.refuse('MW6014', 'per-try-timeout', [...path, 'retries', 'perTryTimeout'], message)
  }
  // A redirect, a fixed answer: there is nowhere to go. Or none of its matches can be said.
  if (destinations.length === 0 || (matches.length > 0 && read.length === 0)) return undefined
  return {
    matches: read.some(isEverything) ? [] : read,
    backends,
    ...(timeout === undefined ? {} : {timeout}),
    ...(retries === undefined ? {} : {retries}),
    feature: 'split',
    origin: wording.origin(path),
  }
}

function readBackends(items: readonly unknown[], path: Path, wording: Wording, around: Around): readonly Backend[] {
  const routes = items.map((item, index) => wording.map(item, [...path, index]))
  // One alone gets everything, whatever its weight.
  const weights = routes.map((route, index) =>
    routes.length === 1 ? 1 : (wording.count(route['weight'], [...path, index, 'weight']) ?? 0),
  )
  const shares = sharesOf(weights)
  if (!shares.ok && routes.length > 0) {
    wording.refuse('MW6006', 'split', shares.index === undefined ? path : [...path, shares.index], shares.message)
  }
  return routes.flatMap((route, index) => {
    const at: Path = [...path, index]
    wording.noteOthers(route, at, ['destination', 'weight'])
    const backend = readDestination(route['destination'], [...at, 'destination'], wording, around)
    return backend === undefined ? [] : [{...backend, weight: shares.ok ? (shares.percents[index] ?? 0) : 0}]
  })
}

function readDestination(
  value: unknown,
  path: Path,
  wording: Wording,
  around: Around,
): Omit<Backend, 'weight'> | undefined {
  const destination = wording.map(value, path)
  wording.noteOthers(destination, path, ['host', 'subset', 'port'])
  const host = wording.text(destination['host'], [...path, 'host'])
  const service = host === undefined ? undefined : serviceOfHost(host, around.home)
  if (service === undefined) {
    const message = `${shown(host ?? 'nothing')} is not the host of a Kubernetes service`
    return wording.refuse('MW6015', 'other-service', [...path, 'host'], message)
  }
  const subset = wording.text(destination['subset'], [...path, 'subset'])
  const known = around.subsetsOf(service)
  if (subset !== undefined && !known.includes(subset)) {
    const names = known.join(', ') || 'none'
    const message = `no destination rule has a subset ${shown(subset)} of ${shownService(service)}; there is ${names}`
    wording.refuse('MW6003', 'subsets', [...path, 'subset'], message)
  }
  const port = wording.map(destination['port'], [...path, 'port'])
  const number = wording.count(port['number'], [...path, 'port', 'number'])
  return {
    service,
    ...(subset === undefined ? {} : {subset}),
    ...(number === undefined ? {} : {port: number}),
    origin: wording.origin(path),
  }
}

/** What Istio tries again where nobody says of what (pilot/pkg/networking/core/route/retry): nothing that was answered. */
const istioConditions: readonly RetryCondition[] = ['connect-failure', 'refused-stream']

/** In Istio's words a route that says nothing of retries has two. */
function usualRetries(path: Path, wording: Wording, {protocol}: Around): Retries | undefined {
  if (protocol === 'tcp') return undefined
  return {attempts: 2, on: usualConditions([...path, 'retries'], wording, protocol), origin: wording.origin(path)}
}

/** gRPC answers failures with statuses of its own; these two of Istio's usual ones are about what was answered. */
function usualConditions(path: Path, wording: Wording, protocol: Around['protocol']): readonly RetryCondition[] {
  if (protocol === 'grpc') wording.noteBeyond([...path, 'retryOn'], ' (unavailable, cancelled)')
  return istioConditions
}

function readRetries(value: unknown, path: Path, wording: Wording, {protocol}: Around): Retries | undefined {
  if (value === undefined || value === null) return undefined
  const retries = wording.map(value, path)
  wording.noteOthers(retries, path, ['attempts', 'perTryTimeout', 'retryOn'])
  const attempts = wording.count(retries['attempts'], [...path, 'attempts']) ?? 0
  const perTryTimeout = wording.duration(retries['perTryTimeout'], [...path, 'perTryTimeout'])
  const named = (wording.text(retries['retryOn'], [...path, 'retryOn']) ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  const on = retryConditions.filter((condition) => named.includes(condition))
  const others = named.filter((word) => !on.some((condition) => condition === word))
  if (others.length > 0) wording.noteBeyond([...path, 'retryOn'], ` (${others.join(', ')})`)
  const usual = () => (others.length > 0 ? istioConditions : usualConditions(path, wording, protocol))
  return {
    attempts,
    ...(perTryTimeout === undefined ? {} : {perTryTimeout}),
    on: attempts === 0 ? [] : on.length > 0 ? on : usual(),
    origin: wording.origin(path),
  }
}
