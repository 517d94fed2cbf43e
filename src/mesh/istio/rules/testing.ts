import {configurationSchema} from '../../../config/schema.ts'
import type {
  AccessRule,
  Backend,
  Match,
  PodFacts,
  Route,
  ServiceFacts,
  ServiceIntent,
  ServiceName,
  ServicePort,
  Subset,
  Traffic,
} from '../../../intent/intent.ts'
import type {Origin, Source} from '../../../intent/origin.ts'
import type {Part, RuleFinding} from '../../translation.ts'
import {isValues, type Values} from '../../values.ts'
import {istioRuleMesh} from './index.ts'

/** Short ways to say what the tests of this folder are about. */

export const source: Source = {kind: 'TrafficPolicy', namespace: 'shop', name: 'orders'}
export const at = (path: string): Origin => ({source, path, place: `TrafficPolicy shop/orders ${path}`})
export const orders: ServiceName = {namespace: 'shop', name: 'orders'}

export const httpPort: ServicePort = {name: 'http', port: 80, targetPort: 8080, protocol: 'TCP'}
export const podOf = (version = 'v1', ports: PodFacts['ports'] = [{port: 8080}]): PodFacts => ({
  labels: {app: 'orders', version},
  annotations: {},
  serviceAccount: 'orders',
  ports,
})
export const factsOf = (facts: Partial<ServiceFacts> = {}): ServiceFacts => ({
  selector: {app: 'orders'},
  headless: false,
  annotations: {},
  ports: [httpPort],
  pods: [podOf()],
  neighbours: [],
  ...facts,
})

export const subset = (name: string): Subset => ({name, labels: {version: name}, origin: at(`versions ${name}`)})
export const to = (version: string | undefined, weight = 100, service = orders): Backend => ({
  service,
  ...(version !== undefined && {subset: version}),
  weight,
  origin: at(`to ${version ?? ''}`),
})
export const route = (more: Partial<Route> = {}): Route => ({
  matches: [],
  backends: [to(undefined)],
  feature: 'split',
  origin: at('route'),
  ...more,
})
export const match = (more: Partial<Match>): Match => ({headers: [], origin: at('match'), ...more})
export const trafficOf = (more: Partial<Traffic>): Traffic => ({
  origin: at('spec'),
  subsets: [],
  routes: [],
  callers: [],
  beyond: [],
  ...more,
})
export const rule = (more: Partial<AccessRule> = {}): AccessRule => ({
  action: 'ALLOW',
  from: [],
  methods: [],
  paths: [],
  origin: at('rule'),
  ...more,
})
export const caller = (name: string, account = name, sharedWith: readonly ServiceName[] = []) =>
  ({
    kind: 'service',
    service: {namespace: 'shop', name},
    accounts: [{namespace: 'shop', name: account, sharedWith}],
    origin: at(`from ${name}`),
  }) as const
export const fromNamespace = (namespace: string) =>
  ({kind: 'namespace', namespace, origin: at(`from ${namespace}`)}) as const

export const intentOf = (more: Partial<ServiceIntent> = {}): ServiceIntent => ({
  service: orders,
  facts: factsOf(),
  protocol: 'http',
  calls: [],
  ...more,
})

export function serviceParts(intent: ServiceIntent, mesh: object = {}): readonly Part[] {
  return istioRuleMesh.translator(configurationSchema.parse({mesh})).service(intent)
}

export function namespaceParts(mesh: object): readonly Part[] {
  const configuration = configurationSchema.parse({mesh})
  return istioRuleMesh.translator(configuration).namespace({
    namespace: 'shop',
    settings: configuration.mesh,
    originOf: at,
  })
}

export function objectsOf(parts: readonly Part[]) {
  return parts.flatMap(({objects}) => objects.map(({object}) => object))
}

/** The spec of the only object of the kind; undefined where there is none. */
export function specOf(parts: readonly Part[], kind: string, name?: string): Values | undefined {
  const found = objectsOf(parts).filter(
    (object) => object.kind === kind && (name ?? object.metadata?.name) === object.metadata?.name,
  )
  if (found.length > 1) throw new Error(`${found.length} objects of kind ${kind}`)
  const spec = found[0]?.['spec']
  return isValues(spec) ? spec : undefined
}

export function findingsOf(parts: readonly Part[]): readonly RuleFinding[] {
  return parts.flatMap(({findings}) => findings)
}

/** `refused MW6104 split` */
export function outcomes(parts: readonly Part[]): readonly string[] {
  return findingsOf(parts).map(({kind, code, feature}) => `${kind} ${code} ${feature}`)
}

/** VirtualService `http` of routes in a service with versions v1 and v2. */
export function httpOf(routes: readonly Route[], more: Partial<ServiceIntent> = {}): unknown {
  const subsets = [subset('v1'), subset('v2')]
  return specOf(serviceParts(intentOf({traffic: trafficOf({subsets, routes}), ...more})), 'VirtualService')?.['http']
}
