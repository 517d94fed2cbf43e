import type {Path} from '../config/tree.ts'
import type {StringMap} from '../mesh/pod.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import type {TrafficPolicySpec} from '../rules/traffic-policy.ts'
import {sameVersion} from '../rules/version.ts'
import {shown} from '../config/problem.ts'
import {breakerOf, lasting, usualConditions, type Drafted, type Drafting} from './draft.ts'
import type {Backend, Match, Retries, Route, Subset} from './intent.ts'
import {refused} from './problem.ts'
import type {TrafficRule} from './rule.ts'
import type {Site} from './site.ts'
import {defaultLabels, distinctVersions, versionsOf} from './versions.ts'

type Routed = NonNullable<TrafficPolicySpec['routes']>[number]
type Share = NonNullable<TrafficPolicySpec['split']>[number]
type Tried = NonNullable<TrafficPolicySpec['retries']>

/** What a TrafficPolicy says, whose spec was found good. */
export function draftPolicy({site}: TrafficRule, spec: TrafficPolicySpec, drafting: Drafting): Drafted {
  return new PolicyReading(site, spec, drafting).draft()
}

class PolicyReading {
  readonly #site: Site
  readonly #spec: TrafficPolicySpec
  readonly #drafting: Drafting
  readonly #subsets: Subset[]
  readonly #problems: RuleFinding[] = []

  constructor(site: Site, spec: TrafficPolicySpec, drafting: Drafting) {
    this.#site = site
    this.#spec = spec
    this.#drafting = drafting
    this.#subsets = (spec.versions ?? []).map(({name, labels}, index) =>
      this.#subset(name, ['spec', 'versions', index], labels),
    )
  }

  draft(): Drafted {
    const {circuitBreaker} = this.#spec
    const routes = this.#routes()
    if (this.#problems.length > 0) return {problems: this.#problems}
    const breaker =
      circuitBreaker === undefined
        ? undefined
        : breakerOf(
            circuitBreaker.threshold,
            this.#site.at(['spec', 'circuitBreaker']),
            circuitBreaker.timeout === undefined ? undefined : lasting(circuitBreaker.timeout),
            circuitBreaker.recovery === undefined ? undefined : lasting(circuitBreaker.recovery),
          )
    const draft = {
      origin: this.#site.at(['spec', 'service']),
      subsets: this.#subsets,
      routes,
      ...(breaker === undefined ? {} : {breaker}),
      beyond: [],
    }
    return {draft, problems: []}
  }

  #routes(): readonly Route[] {
    const {split, canary, routes = [], timeout, retries} = this.#spec
    const asked = [split, canary, timeout, retries].some((part) => part !== undefined) || routes.length > 0
    if (!asked) return []
    const rest = this.#rest()
    return [
      ...routes.map((route, index) => this.#route(route, ['spec', 'routes', index], rest)),
      {matches: [], ...rest, ...this.#times({}, ['spec'])},
    ]
  }

  /** Where a request goes that no route is for. */
  #rest(): Pick<Route, 'backends' | 'feature' | 'origin'> {
    const {split, canary} = this.#spec
    if (canary !== undefined) {
      const path: Path = ['spec', 'canary']
      return {backends: this.#canary(canary, path), feature: 'canary', origin: this.#site.at(path)}
    }
    if (split !== undefined) {
      const path: Path = ['spec', 'split']
      return {backends: this.#split(split, path), feature: 'split', origin: this.#site.at(path)}
    }
    const origin = this.#site.at(['spec'])
    return {backends: [{service: this.#drafting.service, weight: 100, origin}], feature: 'split', origin}
  }

  #route(route: Routed, path: Path, rest: Pick<Route, 'backends' | 'feature'>): Route {
    const {split} = route
    const target =
      split === undefined ? rest : {backends: this.#split(split, [...path, 'split']), feature: 'split' as const}
    return {
      matches: [this.#match(route.match, [...path, 'match'])],
      backends: target.backends,
      feature: target.feature,
      ...this.#times(route, path),
      origin: this.#site.at(path),
    }
  }

  #match({path, pathPrefix, pathRegex, method, headers = {}}: Routed['match'], at: Path): Match {
    const paths: Match['path'][] = [
      path === undefined ? undefined : {kind: 'exact', value: path},
      pathPrefix === undefined ? undefined : {kind: 'prefix', value: pathPrefix},
      pathRegex === undefined ? undefined : {kind: 'regex', value: pathRegex},
    ]
    const wanted = paths.find((one) => one !== undefined)
    return {
      ...(wanted === undefined ? {} : {path: wanted}),
      ...(method === undefined ? {} : {method}),
      headers: Object.entries(headers)
        .map(([name, {exact, prefix, regex}]) => {
          if (exact !== undefined) return {name, kind: 'exact' as const, value: exact}
          if (prefix !== undefined) return {name, kind: 'prefix' as const, value: prefix}
          return regex === undefined
            ? {name, kind: 'present' as const, value: ''}
            : {name, kind: 'regex' as const, value: regex}
        })
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      origin: this.#site.at(at),
    }
  }

  #split(shares: readonly Share[], path: Path): readonly Backend[] {
    const {namespace} = this.#drafting.service
    return shares.map(({version, service, weight}, index) => {
      const origin = this.#site.at([...path, index, 'version'])
      if (service !== undefined) return {service: {namespace, name: service}, weight, origin}
      return {
        service: this.#drafting.service,
        subset: this.#version(version, [...path, index, 'version']),
        weight,
        origin,
      }
    })
  }

  /** The new version gets its percentage; the others share the rest alike. */
  #canary({version, percent}: NonNullable<TrafficPolicySpec['canary']>, path: Path): readonly Backend[] {
    const {service} = this.#drafting
    const at: Path = [...path, 'version']
    const origin = this.#site.at(at)
    const canary = {service, subset: this.#version(version, at), weight: percent, origin}
    if (percent === 100) return [canary]
    const others = this.#known().filter((name) => !sameVersion(name, version))
    if (others.length === 0) {
      const message = `there is no version that the other ${100 - percent} % of the traffic could stay with; name it in spec.versions`
      this.#problems.push(refused('MW6013', 'canary', origin, message))
      return [canary]
    }
    const stay = others.map((name) => this.#version(name, at))
    const rest = wholes(100 - percent, stay.length)
    return [...stay.map((subset, index) => ({service, subset, weight: rest[index] ?? 0, origin})), canary]
  }

  /** Versions of the service: those written, else those that it registered with and that its pods say they are. */
  #known(): readonly string[] {
    const {facts, registered} = this.#drafting
    const written = this.#spec.versions?.map(({name}) => name)
    return distinctVersions(written ?? [...registered, ...versionsOf(facts?.pods ?? [])])
  }

  /** The name of the subset that a version stands for. */
  #version(version: string, path: Path): string {
    const known = this.#subsets.find(({name}) => sameVersion(name, version))
    if (known !== undefined) return known.name
    if (this.#spec.versions !== undefined) {
      const names = this.#spec.versions.map(({name}) => name).join(', ') || 'none'
      const message = `spec.versions has no version ${shown(version)}; it has ${names}`
      this.#problems.push(refused('MW6003', 'subsets', this.#site.at(path), message))
      return version
    }
    // Where no versions are written, a version is what pods of its name are labelled with.
    const implied = this.#subset(version, path)
    this.#subsets.push(implied)
    return implied.name
  }

  #subset(name: string, path: Path, labels: StringMap = {}): Subset {
    const own = Object.keys(labels).length > 0
    return {
      name,
      labels: own ? labels : defaultLabels(name, this.#drafting.facts?.pods),
      origin: this.#site.at(path),
    }
  }

  #times(own: Pick<Routed, 'timeout' | 'retries'>, path: Path): Pick<Route, 'timeout' | 'retries'> {
    const spec = this.#spec
    const timeout = own.timeout ?? spec.timeout
    const retries = own.retries ?? spec.retries
    const at: Path = [...(own.retries === undefined ? ['spec'] : path), 'retries']
    const tried = retries === undefined ? undefined : this.#retries(retries, at)
    const total = timeout === undefined ? undefined : lasting(timeout)
    if (total !== undefined && tried?.perTryTimeout !== undefined && tried.perTryTimeout > total) {
      const message = `${retries?.perTryTimeout ?? ''} for one try is longer than ${timeout ?? ''} for all tries together`
      this.#problems.push(refused('MW6014', 'per-try-timeout', this.#site.at([...path, 'timeout']), message))
    }
    return {...(total === undefined ? {} : {timeout: total}), ...(tried === undefined ? {} : {retries: tried})}
  }

  #retries({attempts, perTryTimeout, on, true: bare}: Tried, path: Path): Retries {
    return {
      attempts,
      ...(perTryTimeout === undefined ? {} : {perTryTimeout: lasting(perTryTimeout)}),
      on: attempts === 0 ? [] : (on ?? bare ?? usualConditions),
      origin: this.#site.at(path),
    }
  }
}

/** `total` in whole parts that differ by one at most, the last ones the larger. */
function wholes(total: number, parts: number): readonly number[] {
  const least = Math.floor(total / parts)
  const more = total - least * parts
  return Array.from({length: parts}, (_, index) => (index >= parts - more ? least + 1 : least))
}
