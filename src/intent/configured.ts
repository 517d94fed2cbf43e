import type {Configuration} from '../config/schema.ts'
import {shown} from '../config/problem.ts'
import type {Path} from '../config/tree.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {serviceOfHost} from './host.ts'
import type {ServiceName} from './intent.ts'
import {refused} from './problem.ts'
import type {Site} from './site.ts'
import {shownService} from './unit.ts'

/** A rule in Istio's words, and where it stands in the configuration. */
export interface Worded {
  readonly spec: Values
  readonly path: Path
}

/** What a configuration says of the traffic of one service. */
export interface ConfiguredTraffic {
  readonly service: ServiceName
  readonly destinationRule?: Worded
  readonly virtualService?: Worded
  /** Further rules on the same service, which do not count. */
  readonly problems: readonly RuleFinding[]
}

export interface ConfiguredAccess {
  readonly action: 'ALLOW' | 'DENY'
  readonly caller: ServiceName
  readonly path: Path
}

/** A service that a rule is about, and the place that says so. */
export interface Named {
  readonly service: ServiceName
  readonly feature: RuleFinding['feature']
  readonly path: Path
}

/** The rules of a configuration by the service that they are about (`shop/orders`). */
export interface ConfiguredRules {
  /** Where hosts without a namespace are. */
  readonly home: string
  readonly traffic: ReadonlyMap<string, ConfiguredTraffic>
  readonly access: ReadonlyMap<string, readonly ConfiguredAccess[]>
  /** By caller: destinations that it is allowed to call. */
  readonly destinations: ReadonlyMap<string, readonly ServiceName[]>
  /** Every service that a rule is about, and every caller that one allows. */
  readonly services: readonly ServiceName[]
  isAbout(service: ServiceName): boolean
  /** Services that rules are about, each time that one is named. */
  readonly named: readonly Named[]
  /** Of rules about no service at all. */
  readonly problems: readonly RuleFinding[]
}

export function readConfiguredRules({mesh, meshSecurity}: Configuration, site: Site): ConfiguredRules {
  const home = mesh.injectionNamespace?.[0] ?? 'default'
  const problems: RuleFinding[] = []
  const services = new Map<string, ServiceName>()
  const named: Named[] = []
  const serviceAt = (host: string, feature: RuleFinding['feature'], path: Path): ServiceName | undefined => {
    const service = serviceOfHost(host, home)
    if (service !== undefined) {
      services.set(shownService(service), service)
      return service
    }
    const message = `${shown(host)} is not the host of a Kubernetes service, such as orders or orders.shop.svc.cluster.local`
    problems.push(refused('MW6015', feature, site.at(path), message))
    return undefined
  }

  const traffic = new Map<string, ConfiguredTraffic>()
  const lay = (service: ServiceName, kind: 'destinationRule' | 'virtualService', worded: Worded, place: Path) => {
    const key = shownService(service)
    const known = traffic.get(key) ?? {service, problems: []}
    const first = known[kind]
    if (first === undefined) {
      traffic.set(key, {...known, [kind]: worded})
      return
    }
    const message = `${site.at(first.path).place} is about ${key} already, and the first one counts`
    traffic.set(key, {...known, problems: [...known.problems, refused('MW6002', 'split', site.at(place), message)]})
  }
  const {destinationRules = [], virtualServices = []} = mesh.trafficManagement ?? {}
  for (const [index, spec] of destinationRules.entries()) {
    const path = ['mesh', 'trafficManagement', 'destinationRules', index]
    const service = serviceAt(spec.host, 'subsets', [...path, 'host'])
    if (service === undefined) continue
    named.push({service, feature: 'subsets', path: [...path, 'host']})
    lay(service, 'destinationRule', {spec, path}, [...path, 'host'])
  }
  for (const [index, spec] of virtualServices.entries()) {
    const path = ['mesh', 'trafficManagement', 'virtualServices', index]
    for (const [at, host] of spec.hosts.entries()) {
      const service = serviceAt(host, 'split', [...path, 'hosts', at])
      if (service === undefined) continue
      named.push({service, feature: 'split', path: [...path, 'hosts', at]})
      lay(service, 'virtualService', {spec, path}, [...path, 'hosts', at])
    }
  }

  const access = new Map<string, ConfiguredAccess[]>()
  const destinations = new Map<string, ServiceName[]>()
  for (const [index, policy] of (meshSecurity?.authorizationPolicy ?? []).entries()) {
    const path = ['meshSecurity', 'authorizationPolicy', index]
    const feature = policy.action === 'ALLOW' ? 'allow-service' : 'deny'
    const destination = serviceAt(policy.destination, feature, [...path, 'destination'])
    const caller = serviceAt(policy.source, feature, [...path, 'source'])
    if (destination === undefined || caller === undefined) continue
    named.push({service: destination, feature, path: [...path, 'destination']})
    put(access, shownService(destination), {action: policy.action, caller, path})
    if (policy.action === 'ALLOW') put(destinations, shownService(caller), destination)
  }
  return {
    home,
    traffic,
    access,
    destinations,
    services: [...services.values()],
    isAbout: (service) => services.has(shownService(service)),
    named,
    problems,
  }
}

/** Names of the subsets that a DestinationRule declares. */
export function subsetNames({spec}: Worded): readonly string[] {
  const subsets = Array.isArray(spec['subsets']) ? spec['subsets'].filter(isValues) : []
  return subsets.flatMap(({name}) => (typeof name === 'string' ? [name] : []))
}

function put<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [item])
  else list.push(item)
}
