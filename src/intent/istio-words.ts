import {subsetNames, type ConfiguredTraffic} from './configured.ts'
import type {Drafted, Drafting} from './draft.ts'
import type {ServiceName} from './intent.ts'
import {readDestinationRule} from './istio-destination.ts'
import {readVirtualService} from './istio-routes.ts'
import type {Governor} from './governance.ts'
import {shownService} from './unit.ts'
import {Wording} from './wording.ts'

/** What a configuration says of the traffic of a service, in Istio's words. */
export function draftConfigured(
  {destinationRule, virtualService}: ConfiguredTraffic,
  {site, rules}: Governor,
  {service, facts, protocol}: Drafting,
): Drafted {
  const first = virtualService ?? destinationRule
  if (first === undefined) return {problems: []}
  const worded = destinationRule === undefined ? undefined : new Wording(site, destinationRule)
  const declared =
    destinationRule === undefined || worded === undefined
      ? {subsets: []}
      : readDestinationRule(destinationRule.spec, worded, facts?.pods)
  const routed = virtualService === undefined ? undefined : new Wording(site, virtualService)
  const subsetsOf = (of: ServiceName) => {
    const rule = rules.traffic.get(shownService(of))?.destinationRule
    return rule === undefined ? [] : subsetNames(rule)
  }
  const routes =
    virtualService === undefined || routed === undefined
      ? []
      : readVirtualService(virtualService.spec, routed, {service, protocol, home: rules.home, subsetsOf})
  const draft = {
    origin: site.at(first.path),
    ...declared,
    routes,
    istio: {
      ...(destinationRule === undefined ? {} : {destinationRule: destinationRule.spec}),
      ...(virtualService === undefined ? {} : {virtualService: virtualService.spec}),
    },
    beyond: [...(worded?.beyond ?? []), ...(routed?.beyond ?? [])],
  }
  return {draft, problems: [...(worded?.problems ?? []), ...(routed?.problems ?? [])]}
}
