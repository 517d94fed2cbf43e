import type {KubeObject} from '../../pod.ts'
import {isValues, type Values} from '../../values.ts'
import {hostOf, isSame, serviceAt, type Reading} from './hosts.ts'
import {kinds, objectOf} from './kinds.ts'
import type {RuleSettings} from './settings.ts'
import {subsetName, type SubsetNames} from './subset-names.ts'

/** What specs in Istio's own words are read with. */
export interface Wording extends Reading {
  readonly names: SubsetNames
  readonly settings: RuleSettings
  /** What clients must be told beside it. */
  readonly tls: Values | undefined
}

/**
 * A DestinationRule as it was written. Only hosts become whole (Istio takes `orders.shop` for a host outside the
 * cluster, and the rule would silently be about nothing) and subsets get names that Istio accepts.
 */
export function ownDestinationRule(spec: Values, wording: Wording): KubeObject {
  const {service, names, settings, tls} = wording
  const policy = isValues(spec['trafficPolicy']) ? spec['trafficPolicy'] : {}
  const subsets = Array.isArray(spec['subsets']) ? {subsets: spec['subsets'].map((one) => renamed(one, names))} : {}
  return objectOf(kinds.destinationRule, service.namespace, service.name, {
    ...spec,
    host: hostOf(service, settings.clusterDomain),
    ...(tls !== undefined && {trafficPolicy: {tls, ...policy}}),
    ...subsets,
  })
}

/** A VirtualService as it was written, for this service: one that names several is made once for each. */
export function ownVirtualService(spec: Values, wording: Wording): KubeObject {
  const {service, settings} = wording
  const hosts = Array.isArray(spec['hosts']) ? spec['hosts'].filter((host) => typeof host === 'string') : []
  const others = hosts.filter((host) => serviceAt(host, wording) === undefined)
  return objectOf(kinds.virtualService, service.namespace, service.name, {
    ...spec,
    hosts: [hostOf(service, settings.clusterDomain), ...others],
    ...routes(spec, wording),
  })
}

function routes(spec: Values, wording: Wording): Values {
  const all = ['http', 'tcp', 'tls'].flatMap((kind) => {
    const listed = spec[kind]
    return Array.isArray(listed) ? [[kind, listed.map((route) => routeOf(route, wording))] as const] : []
  })
  return Object.fromEntries(all)
}

function routeOf(route: unknown, wording: Wording): unknown {
  if (!isValues(route)) return route
  const {route: shares, mirror, mirrors} = route
  const shared = (share: unknown) =>
    isValues(share) && isValues(share['destination'])
      ? {...share, destination: destinationOf(share['destination'], wording)}
      : share
  return {
    ...route,
    ...(Array.isArray(shares) && {route: shares.map(shared)}),
    ...(isValues(mirror) && {mirror: destinationOf(mirror, wording)}),
    ...(Array.isArray(mirrors) && {mirrors: mirrors.map(shared)}),
  }
}

function destinationOf(destination: Values, wording: Wording): Values {
  const {host, subset} = destination
  const service = typeof host === 'string' ? serviceAt(host, wording) : undefined
  if (service === undefined) return destination
  const own = isSame(service, wording.service)
  const name =
    typeof subset !== 'string' || subset === ''
      ? undefined
      : own
        ? (wording.names.nameOf(subset) ?? subset)
        : subsetName(subset)
  return {
    ...destination,
    host: hostOf(service, wording.settings.clusterDomain),
    ...(name !== undefined && {subset: name}),
  }
}

function renamed(subset: unknown, names: SubsetNames): unknown {
  if (!isValues(subset) || typeof subset['name'] !== 'string') return subset
  return {...subset, name: names.nameOf(subset['name']) ?? subset['name']}
}
