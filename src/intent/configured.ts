import type {Configuration} from '../config/schema.ts'
import {shown} from '../config/problem.ts'
import type {Path} from '../config/tree.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {serviceOfHost} from './host.ts'
import type {ServiceName} from './intent.ts'
import {refused} from './problem.ts'
import type {Site} from './site.ts'
import {sameService, shownService} from './unit.ts'

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
  /** By service: others whose routes send requests to it. */
  readonly routers: ReadonlyMap<string, readonly ServiceName[]>
  /** Every service that a rule names: those that rules are about, callers, and where requests are sent. */
  readonly services: readonly ServiceName[]
  isAbout(service: ServiceName): boolean
  /** Services that rules are about, each time that one is named. */
  readonly named: readonly Named[]
  /** Of rules about no service at all. */
  readonly problems: readonly RuleFinding[]
}

export function readConfiguredRules({mesh, meshSecurity}: Configuration, site: Site): ConfiguredRules {
  const reading = new ConfigurationReading(mesh.injectionNamespace?.[0] ?? 'default', site)
  const {destinationRules = [], virtualServices = []} = mesh.trafficManagement ?? {}
  for (const [index, spec] of destinationRules.entries()) {
    reading.destinationRule(spec, ['mesh', 'trafficManagement', 'destinationRules', index])
  }
  for (const [index, spec] of virtualServices.entries()) {
    reading.virtualService(spec, ['mesh', 'trafficManagement', 'virtualServices', index])
  }
  for (const [index, policy] of (meshSecurity?.authorizationPolicy ?? []).entries()) {
    reading.authorizationPolicy(policy, ['meshSecurity', 'authorizationPolicy', index])
  }
  return reading
}

type Managed = NonNullable<Configuration['mesh']['trafficManagement']>
type Policies = NonNullable<NonNullable<Configuration['meshSecurity']>['authorizationPolicy']>

class ConfigurationReading implements ConfiguredRules {
  readonly home: string
  readonly traffic = new Map<string, ConfiguredTraffic>()
  readonly access = new Map<string, ConfiguredAccess[]>()
  readonly destinations = new Map<string, ServiceName[]>()
  readonly routers = new Map<string, ServiceName[]>()
  readonly named: Named[] = []
  readonly problems: RuleFinding[] = []
  readonly #services = new Map<string, ServiceName>()
  readonly #site: Site

  constructor(home: string, site: Site) {
    this.home = home
    this.#site = site
  }

  get services(): readonly ServiceName[] {
    return [...this.#services.values()]
  }

  isAbout(service: ServiceName): boolean {
    return this.#services.has(shownService(service))
  }

  destinationRule(spec: NonNullable<Managed['destinationRules']>[number], path: Path): void {
    const service = this.#about(spec.host, 'subsets', [...path, 'host'])
    if (service !== undefined) this.#lay(service, 'destinationRule', {spec, path}, [...path, 'host'])
  }

  virtualService(spec: NonNullable<Managed['virtualServices']>[number], path: Path): void {
    for (const [index, host] of spec.hosts.entries()) {
      const at = [...path, 'hosts', index]
      const service = this.#about(host, 'split', at)
      if (service === undefined) continue
      this.#lay(service, 'virtualService', {spec, path}, at)
      for (const backend of this.#backendsOf(spec)) {
        this.#name(backend)
        if (!sameService(backend, service)) put(this.routers, shownService(backend), service)
      }
    }
  }

  authorizationPolicy({source, destination, action}: Policies[number], path: Path): void {
    const feature = action === 'ALLOW' ? 'allow-service' : 'deny'
    const service = this.#about(destination, feature, [...path, 'destination'])
    const caller = this.#serviceAt(source, feature, [...path, 'source'])
    if (service === undefined || caller === undefined) return
    this.#name(caller)
    put(this.access, shownService(service), {action, caller, path})
    if (action === 'ALLOW') put(this.destinations, shownService(caller), service)
  }

  #about(host: string, feature: RuleFinding['feature'], path: Path): ServiceName | undefined {
    const service = this.#serviceAt(host, feature, path)
    if (service === undefined) return undefined
    this.#name(service)
    this.named.push({service, feature, path})
    return service
  }

  #serviceAt(host: string, feature: RuleFinding['feature'], path: Path): ServiceName | undefined {
    const service = serviceOfHost(host, this.home)
    if (service !== undefined) return service
    const message = `${shown(host)} is not the host of a Kubernetes service, such as orders or orders.shop.svc.cluster.local`
    this.problems.push(refused('MW6015', feature, this.#site.at(path), message))
    return undefined
  }

  #name(service: ServiceName): void {
    this.#services.set(shownService(service), service)
  }

  /** Of two rules of one kind on a service the first counts. */
  #lay(service: ServiceName, kind: 'destinationRule' | 'virtualService', worded: Worded, place: Path): void {
    const key = shownService(service)
    const known = this.traffic.get(key) ?? {service, problems: []}
    const first = known[kind]
    if (first === undefined) {
      this.traffic.set(key, {...known, [kind]: worded})
      return
    }
    const message = `${this.#site.at(first.path).place} is about ${key} already, and the first one counts`
    const problem = refused('MW6002', kind === 'virtualService' ? 'split' : 'subsets', this.#site.at(place), message)
    this.traffic.set(key, {...known, problems: [...known.problems, problem]})
  }

  /** Services that the routes of a VirtualService send requests to; what is wrong with them is told where they are read. */
  #backendsOf({http = []}: NonNullable<Managed['virtualServices']>[number]): readonly ServiceName[] {
    const routes = http.flatMap(({route}) => (Array.isArray(route) ? route.filter(isValues) : []))
    return routes.flatMap(({destination}) => {
      const host = isValues(destination) ? destination['host'] : undefined
      return typeof host === 'string' ? (serviceOfHost(host, this.home) ?? []) : []
    })
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
