import type {RuleFinding} from '../mesh/translation.ts'
import type {Drafting, TrafficDraft} from './draft.ts'
import type {Route, ServiceName} from './intent.ts'
import type {Origin} from './origin.ts'
import {refused} from './problem.ts'
import {sameService, shownService} from './unit.ts'
import {carries} from './versions.ts'
import type {View} from './view.ts'

/** What a rule on traffic asks for and the service, or the cluster, has not. */
export function unmetBy(draft: TrafficDraft, drafting: Drafting, view: View): readonly RuleFinding[] {
  return [
    ...withoutPods(draft, drafting, view),
    ...withoutService(draft, drafting.service, view),
    ...(drafting.protocol === 'tcp' ? withoutRequests(draft) : []),
  ]
}

function withoutPods({routes, subsets}: TrafficDraft, drafting: Drafting, view: View): readonly RuleFinding[] {
  const {service, facts} = drafting
  // A Service in a file without any of its workloads says nothing of pods.
  if (facts === undefined || (facts.pods.length === 0 && !view.complete)) return []
  return [...subsetsInUse(routes, service)].flatMap(([name, origin]) => {
    const labels = subsets.find((subset) => subset.name === name)?.labels
    if (labels === undefined || facts.pods.some((pod) => carries(pod, labels))) return []
    const told = Object.entries(labels).map(([key, value]) => `${key}: ${value}`)
    const message = `no pod of ${shownService(service)} carries ${told.join(', ')}, so that version ${name} could answer nothing`
    return [refused('MW6004', 'subsets', origin, message)]
  })
}

/** Subsets of the service that get any traffic, each with the place that says so. */
function subsetsInUse(routes: readonly Route[], own: ServiceName): ReadonlyMap<string, Origin> {
  const used = new Map<string, Origin>()
  for (const {service, subset, weight, origin} of routes.flatMap(({backends}) => backends)) {
    if (subset !== undefined && weight > 0 && sameService(service, own) && !used.has(subset)) used.set(subset, origin)
  }
  return used
}

function withoutService({routes}: TrafficDraft, own: ServiceName, view: View): readonly RuleFinding[] {
  const others = routes.flatMap(({backends}) => backends.filter(({service}) => !sameService(service, own)))
  return others
    .filter(({service}) => view.isMissing(service))
    .map(({service, origin}) =>
      refused('MW6001', 'other-service', origin, `there is no Service ${shownService(service)}`),
    )
}

function withoutRequests({routes}: TrafficDraft): readonly RuleFinding[] {
  return routes.flatMap(({matches, timeout, retries, origin}) => {
    const asked = [
      ...(timeout === undefined ? [] : [{feature: 'timeout' as const, told: 'a timeout'}]),
      ...(retries === undefined ? [] : [{feature: 'retries' as const, told: 'retries'}]),
      ...(matches.length === 0 ? [] : [{feature: 'route-path-prefix' as const, told: 'a match'}]),
    ]
    const [first] = asked
    if (first === undefined) return []
    const told = asked.map(({told}) => told).join(', ')
    return [refused('MW6009', first.feature, origin, `${told}: the service speaks plain TCP, which has no requests`)]
  })
}
