import {configurationSchema, type MeshSection} from '../../../config/schema.ts'
import type {
  AccessRule,
  Backend,
  Breaker,
  Match,
  MeshIntent,
  Peer,
  PodFacts,
  Route,
  ServiceFacts,
  ServiceIntent,
  Subset,
  Traffic,
} from '../../../intent/intent.ts'
import type {Origin, SourceKind} from '../../../intent/origin.ts'
import type {KubeObject, StringMap} from '../../pod.ts'
import type {Part, Translator} from '../../translation.ts'
import {isValues, type Values} from '../../values.ts'
import {consulRuleMesh} from './index.ts'

/** Intents for tests, said briefly: a service `shop/order-service` and what is wanted of it. */
export const shop = 'shop'

export function origin(path: string, kind: SourceKind = 'TrafficPolicy', name = 'order-service'): Origin {
  const source = {kind, namespace: kind === 'MeshConfig' ? '' : shop, name}
  return {source, path, place: `${kind} ${name} ${path}`}
}

export function intent(wishes: Partial<ServiceIntent> = {}): ServiceIntent {
  return {service: {namespace: shop, name: 'order-service'}, protocol: 'http', calls: [], ...wishes}
}

export function traffic(wishes: Partial<Traffic>): Traffic {
  return {origin: origin('spec'), subsets: [], routes: [], callers: [], beyond: [], ...wishes}
}

export function subset(name: string, labels: StringMap = {version: name}): Subset {
  return {name, labels, origin: origin(`spec.versions ${name}`)}
}

export function route(wishes: Partial<Route>): Route {
  return {matches: [], backends: [backend()], feature: 'split', origin: origin('spec.routes'), ...wishes}
}

export function backend(subset?: string, weight = 100, name = 'order-service', namespace = shop): Backend {
  return {
    service: {namespace, name},
    weight,
    origin: origin(`spec.split ${subset ?? name}`),
    ...(subset !== undefined && {subset}),
  }
}

export function match(wishes: Partial<Match>): Match {
  return {headers: [], origin: origin('spec.routes[0].match'), ...wishes}
}

export function breaker(threshold: number, timeout: number, recovery: number): Breaker {
  return {threshold, timeout, recovery, origin: origin('spec.circuitBreaker')}
}

export function rule(
  action: AccessRule['action'],
  from: readonly Peer[],
  wishes: Partial<AccessRule> = {},
): AccessRule {
  return {action, from, methods: [], paths: [], origin: origin('spec', 'AccessPolicy', 'orders'), ...wishes}
}

export function from(name: string, namespace = shop): Peer {
  return {kind: 'service', service: {namespace, name}, origin: origin('spec.from', 'AccessPolicy', 'orders')}
}

export function fromNamespace(namespace: string): Peer {
  return {kind: 'namespace', namespace, origin: origin('spec.from', 'AccessPolicy', 'orders')}
}

export function pod(labels: StringMap, annotations: StringMap = {}): PodFacts {
  const own = Object.entries(annotations).map(([key, value]) => [`consul.hashicorp.com/${key}`, value] as const)
  return {labels, annotations: Object.fromEntries(own), serviceAccount: 'order-service', ports: [{port: 8080}]}
}

/** A pod of a version that Consul knows by its metadata too. */
export function versioned(version: string): PodFacts {
  return pod({version}, {'service-meta-version': version})
}

export function facts(pods: readonly PodFacts[], wishes: Partial<ServiceFacts> = {}): ServiceFacts {
  const ports = [{port: 80, targetPort: 8080, protocol: 'TCP'}]
  return {selector: {app: 'order-service'}, headless: false, annotations: {}, ports, pods, neighbours: [], ...wishes}
}

export function translator(mesh: Values = {}): Translator {
  return consulRuleMesh.translator(configurationSchema.parse({mesh}))
}

export function meshIntent(mesh: Values, wishes: Partial<MeshIntent> = {}): MeshIntent {
  const settings: MeshSection = configurationSchema.parse({mesh}).mesh
  return {settings, originOf: (path) => origin(path, 'MeshConfig', 'default'), ...wishes}
}

export function partOf(parts: readonly Part[], name: string): Part {
  const part = parts.find((one) => one.name === name)
  if (part === undefined) throw new Error(`no part ${name} among ${parts.map((one) => one.name).join(', ')}`)
  return part
}

export function objectsOf(parts: readonly Part[]): readonly KubeObject[] {
  return parts.flatMap(({objects}) => objects.map(({object}) => object))
}

/** The spec of the object of a kind, by its name where there are several. */
export function specOf(parts: readonly Part[], kind: string, name?: string): Values | undefined {
  const found = objectsOf(parts).find((one) => one.kind === kind && (name ?? one.metadata?.name) === one.metadata?.name)
  return isValues(found?.['spec']) ? found['spec'] : undefined
}

/** `refused MW6304` for each finding. */
export function verdicts(parts: readonly Part[]): readonly string[] {
  return parts.flatMap(({findings}) => findings.map(({kind, code}) => `${kind} ${code}`))
}
