import type {Path} from '../config/tree.ts'
import {isValues, type Values} from '../mesh/values.ts'
import type {Feature} from './features.ts'
import type {SourceKind} from './origin.ts'

/** By the place in a spec, indexes left out; the first that fits. */
type Places = readonly (readonly [place: RegExp, feature: Feature])[]

const traffic: Places = [
  [/^canary\b/, 'canary'],
  [/^(routes )?split service\b/, 'other-service'],
  [/^(routes )?split\b/, 'split'],
  [/^routes match pathRegex\b/, 'route-path-regex'],
  [/^routes match path\b/, 'route-path-exact'],
  [/^routes match method\b/, 'route-method'],
  [/^routes match headers \S+ regex\b/, 'route-header-regex'],
  [/^routes match headers\b/, 'route-header'],
  [/^(routes )?timeout\b/, 'timeout'],
  [/^(routes )?retries perTryTimeout\b/, 'per-try-timeout'],
  [/^(routes )?retries (on|true)\b/, 'retry-conditions'],
  [/^(routes )?retries\b/, 'retries'],
  [/^routes\b/, 'route-path-prefix'],
  [/^circuitBreaker recovery\b/, 'circuit-breaker-recovery'],
  [/^circuitBreaker\b/, 'circuit-breaker'],
  [/^versions\b/, 'subsets'],
]

const access: Places = [
  [/^methods\b/, 'access-method'],
  [/^paths\b/, 'access-path'],
]

const registration: Places = [
  [/^versions\b/, 'registration-versions'],
  [/^tags\b/, 'tags'],
  [/^metadata\b/, 'metadata'],
  [/^healthCheck\b/, 'health-check'],
]

/** A DestinationRule or VirtualService in Istio's own words. */
const words: Places = [
  [/^subsets\b/, 'subsets'],
  [/^trafficPolicy outlierDetection\b/, 'circuit-breaker'],
  [/^http timeout\b/, 'timeout'],
  [/^http retries perTryTimeout\b/, 'per-try-timeout'],
  [/^http retries retryOn\b/, 'retry-conditions'],
  [/^http retries\b/, 'retries'],
  [/^http match headers\b/, 'route-header'],
  [/^http match method\b/, 'route-method'],
  [/^http match\b/, 'route-path-prefix'],
  [/^http route\b/, 'split'],
]

const places: Readonly<Record<SourceKind, Places>> = {
  TrafficPolicy: traffic,
  AccessPolicy: access,
  MeshService: registration,
  MeshConfig: [],
}

/** What a place in a rule in Istio's own words asks of a mesh. */
export function askedInWords(path: Path): Feature {
  return at(words, path) ?? 'istio-words'
}

/** What a place in the spec of a rule object asks of a mesh; undefined where that depends on the rest of the rule. */
export function askedAt(kind: SourceKind, path: Path): Feature | undefined {
  return at(places[kind], path)
}

function at(known: Places, path: Path): Feature | undefined {
  const place = path.filter((step) => typeof step === 'string').join(' ')
  return known.find(([pattern]) => pattern.test(place))?.[1]
}

/** What a rule object as a whole asks of a mesh, before all else: `spec` is as it was written, good or not. */
export function askedBy(kind: SourceKind, spec: Values): Feature {
  if (kind === 'MeshService') return 'registration'
  if (kind === 'AccessPolicy') return askedOfCallers(spec)
  const first = traffic.find(([pattern]) => Object.keys(spec).some((key) => pattern.test(key)))
  return first?.[1] ?? 'split'
}

function askedOfCallers({action, from}: Values): Feature {
  if (action === 'DENY') return 'deny'
  const callers = Array.isArray(from) ? from.filter(isValues) : []
  const isOfNamespaces = callers.length > 0 && callers.every(({service}) => service === undefined)
  return isOfNamespaces ? 'allow-namespace' : 'allow-service'
}
