import {configurationSchema} from '../../../config/schema.ts'
import type {
  AccessRule,
  Account,
  Backend,
  Match,
  Peer,
  PodFacts,
  Route,
  ServiceFacts,
  ServiceIntent,
  Subset,
  Traffic,
} from '../../../intent/intent.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {KubeObject} from '../../pod.ts'
import type {Part, Translator} from '../../translation.ts'
import {linkerdRuleMesh} from './index.ts'

/** What the tests of this folder start from: order-service of namespace shop, on port 80 of pods on 8080. */
export const service = {namespace: 'shop', name: 'order-service'}

export function originOf(
  path: string,
  kind: 'TrafficPolicy' | 'AccessPolicy' | 'MeshConfig' = 'TrafficPolicy',
): Origin {
  const source = {kind, namespace: kind === 'MeshConfig' ? '' : 'shop', name: 'order-service'}
  return {source, path, place: `${kind} shop/order-service ${path}`}
}

export const podOf = (parts: Partial<PodFacts> = {}): PodFacts => ({
  labels: {app: 'order-service', version: 'v1'},
  annotations: {},
  serviceAccount: 'order-service',
  ports: [{name: 'web', port: 8080}],
  probes: [],
  ...parts,
})

export const factsOf = (parts: Partial<ServiceFacts> = {}): ServiceFacts => ({
  selector: {app: 'order-service'},
  headless: false,
  annotations: {},
  ports: [{name: 'http', port: 80, targetPort: 8080, protocol: 'TCP'}],
  pods: [podOf()],
  neighbours: [],
  ...parts,
})

export const subsetOf = (name: string, labels = {version: name}): Subset => ({
  name,
  labels,
  origin: originOf(`spec.versions[${name}]`),
})

export const versions = [subsetOf('v1'), subsetOf('v2')]

export const backendOf = (subset: string | undefined, weight = 100, parts: Partial<Backend> = {}): Backend => ({
  service,
  ...(subset !== undefined && {subset}),
  weight,
  origin: originOf('spec.split[0]'),
  ...parts,
})

export const matchOf = (parts: Partial<Match>): Match => ({
  headers: [],
  origin: originOf('spec.routes[0].match'),
  ...parts,
})

export const routeOf = (parts: Partial<Route> = {}): Route => ({
  matches: [],
  backends: [backendOf(undefined)],
  feature: 'split',
  origin: originOf('spec'),
  ...parts,
})

export const trafficOf = (parts: Partial<Traffic>): Traffic => ({
  origin: originOf('spec'),
  subsets: [],
  routes: [],
  callers: [],
  beyond: [],
  ...parts,
})

export const accountOf = (name: string, namespace = 'shop', sharedWith: Account['sharedWith'] = []): Account => ({
  namespace,
  name,
  sharedWith,
})

export const peerOf = (name: string, accounts: readonly Account[] = [accountOf(name)]): Peer => ({
  kind: 'service',
  service: {namespace: accounts[0]?.namespace ?? 'shop', name},
  accounts,
  origin: originOf(`spec.from[${name}]`, 'AccessPolicy'),
})

export const namespacePeer = (namespace: string): Peer => ({
  kind: 'namespace',
  namespace,
  origin: originOf(`spec.from[${namespace}]`, 'AccessPolicy'),
})

export const ruleOf = (parts: Partial<AccessRule> = {}): AccessRule => ({
  action: 'ALLOW',
  from: [peerOf('user-service')],
  methods: [],
  paths: [],
  origin: originOf('spec', 'AccessPolicy'),
  ...parts,
})

export const intentOf = (parts: Partial<ServiceIntent>): ServiceIntent => ({
  service,
  facts: factsOf(),
  protocol: 'http',
  calls: [],
  ...parts,
})

/** The same, of a service that nobody knows. */
export const unknownIntentOf = (parts: Partial<ServiceIntent>): ServiceIntent => ({
  service,
  protocol: 'http',
  calls: [],
  ...parts,
})

export function translatorOf(mesh: object = {}): Translator {
  return linkerdRuleMesh.translator(configurationSchema.parse({mesh: {type: 'linkerd', ...mesh}}))
}

/** The one part of that name. */
export function partOf(name: string, intent: ServiceIntent, mesh: object = {}): Part {
  const found = translatorOf(mesh)
    .service(intent)
    .find((part) => part.name === name)
  if (found === undefined) throw new Error(`no part ${name}`)
  return found
}

export const trafficPartOf = (parts: Partial<Traffic>, intent: Partial<ServiceIntent> = {}): Part =>
  partOf('traffic', intentOf({traffic: trafficOf(parts), ...intent}))

export const accessPartOf = (
  rules: readonly AccessRule[],
  intent: Partial<ServiceIntent> = {},
  mesh: object = {},
): Part => partOf('access', intentOf({access: {rules}, ...intent}), mesh)

export function objects({objects}: Part, kind: string): readonly KubeObject[] {
  return objects.map(({object}) => object).filter((object) => object.kind === kind)
}

/** The only object of a kind. */
export function object(part: Part, kind: string): KubeObject {
  const [found, ...others] = objects(part, kind)
  if (found === undefined || others.length > 0)
    throw new Error(`${others.length + (found === undefined ? 0 : 1)} of ${kind}: ${JSON.stringify(part.findings)}`)
  return found
}

/** Findings as `kind code feature`. */
export function told({findings}: Part): readonly string[] {
  return findings.map(({kind, code, feature}) => `${kind} ${code} ${feature}`)
}
