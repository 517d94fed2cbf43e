import type {Backend, Route, ServiceName} from '../../../intent/intent.ts'
import type {KubeObject} from '../../pod.ts'
import type {Values} from '../../values.ts'
import {byText} from '../../text-order.ts'
import type {Findings} from './findings.ts'
import {entry, kinds} from './kinds.ts'
import {areConfused, isSame, reference, shownService, subsetName} from './names.ts'
import type {RuleSettings} from './settings.ts'
import type {Subsets} from './subsets.ts'

/** Where requests go, as splits and routes name it; the empty one is the service that is routed, all of it. */
export interface Target {
  readonly service?: string
  readonly namespace?: string
  readonly serviceSubset?: string
}

/** A target with what it gets, in whole percent. */
export interface Share {
  readonly target: Target
  readonly weight: number
}

/** What the backends of one service's routes become. */
export interface Destinations {
  readonly service: ServiceName
  readonly subsets: Subsets
  readonly settings: RuleSettings
  readonly findings: Findings
}

/** The shares of a route: each target once, since Consul takes no split twice, in an order of their own. */
export function sharesOf({backends, feature}: Route, destinations: Destinations): readonly Share[] {
  const shares = new Map<string, Share>()
  for (const backend of backends) {
    const target = targetOf(backend, feature, destinations)
    const key = targetKey(target)
    shares.set(key, {target, weight: (shares.get(key)?.weight ?? 0) + backend.weight})
  }
  return [...shares].toSorted(([one], [other]) => byText(one, other)).map(([, share]) => share)
}

export function areAlike(some: readonly Share[], others: readonly Share[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others)
}

function targetKey({service = '', namespace = '', serviceSubset = ''}: Target): string {
  return JSON.stringify([service, namespace, serviceSubset])
}

function targetOf(backend: Backend, feature: Route['feature'], destinations: Destinations): Target {
  const {service, subsets, settings, findings} = destinations
  const {subset, origin} = backend
  if (isSame(backend.service, service)) {
    if (subset === undefined) return {}
    const serviceSubset = subsets.nameOf(subset)
    if (serviceSubset !== undefined) return {serviceSubset}
    findings.refused('MW6308', feature, origin, `${service.name} names no version ${subset} and no labels for it`)
    return {}
  }
  const shown = shownService(backend.service, service.namespace)
  if (areConfused(settings, backend.service, service)) {
    const message = `Consul has one name for ${shown} and ${service.name}, so it cannot split between them`
    findings.refused('MW6301', 'other-service', origin, message)
  }
  const {name, namespace} = reference(settings, service.namespace, backend.service)
  const target = {service: name, ...(namespace !== undefined && {namespace})}
  if (subset === undefined) {
    const message =
      `${shown} must speak the same protocol as ${service.name}, and where it is split itself, ` +
      'its share passes through that split too'
    findings.approximated('MW6309', 'other-service', origin, message)
    return target
  }
  const serviceSubset = subsetName(subset)
  if (serviceSubset === undefined) {
    findings.refused('MW6306', 'other-service', origin, `${subset} cannot become a subset's name`)
    return target
  }
  const message = `Consul takes the rule only while ${shown} names the version ${subset} itself and speaks the same protocol`
  findings.approximated('MW6309', 'other-service', origin, message)
  return {...target, serviceSubset}
}

/** The ServiceSplitter `name`, of `service` or of a part of its routes. */
export function splitter(
  name: string,
  shares: readonly Share[],
  {service, subsets}: Pick<Destinations, 'service' | 'subsets'>,
  isSplitItself: boolean,
): KubeObject {
  const splits = shares.map(({target, weight}): Values => {
    const isOwn = target.service === undefined
    if (!isOwn || name === service.name) return {weight, ...target}
    // Under another name the service must be named, and all of it is what its own split would be asked for.
    const serviceSubset = target.serviceSubset ?? (isSplitItself ? subsets.everything() : undefined)
    return {weight, service: service.name, ...(serviceSubset !== undefined && {serviceSubset})}
  })
  return entry(kinds.splitter, service.namespace, name, {splits})
}
