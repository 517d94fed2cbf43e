import {matchesPath, withoutHoles, withoutPath} from './path-pattern.ts'
import {covers, coversRest, intersect, matchKey, type RequestMatch} from './request-match.ts'

/**
 * How a proxy ranks two matches of one request (linkerd2-proxy, linkerd/http/route/src): by path, then by method (HTTP
 * only), then by the number of headers. Ties go to the rule that stands first in its object; between objects to the
 * older one, which nobody can rely on.
 */
export interface Ranking {
  /** How the paths of the two may compare over the requests of both. */
  paths(one: RequestMatch, other: RequestMatch): readonly ('more' | 'same' | 'less')[]
  readonly byMethod: boolean
}

export interface RankedMatch {
  readonly match: RequestMatch
  /** Its place in the order in which the first match wins. */
  readonly order: number
  /** Matches of one object keep their order; those of different objects have none. */
  readonly object: string
}

export type Arranged =
  | {readonly ok: true; readonly matches: readonly RankedMatch[]}
  | {readonly ok: false; readonly reason: 'unsayable' | 'too-many'; readonly orders: readonly [number, number]}

/** More than all objects of a service could hold. */
const most = 1024

/**
 * Matches, of which the first one wins, as matches of which the most specific one wins: what an earlier one covers goes,
 * what both of two match is given to the earlier one by a match of its own, and where only their paths differ the later
 * one leaves the earlier one's paths out.
 */
export function arrange(wanted: readonly RankedMatch[], ranking: Ranking): Arranged {
  const placed: RankedMatch[] = []
  const keys = new Set<string>()
  const pending: RankedMatch[] = [...wanted].sort((one, other) => other.order - one.order)
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const cut = cutOut(next, placed, ranking)
    if (!cut.ok) return cut
    const item = cut.item
    if (item === undefined) continue
    const key = `${item.order} ${matchKey(item.match)}`
    if (keys.has(key)) continue
    keys.add(key)
    for (const earlier of placed) {
      if (earlier.order >= item.order || wins(earlier, item, ranking)) continue
      const both = intersect(earlier.match, item.match)
      if (both === 'empty') continue
      if (both === 'unsayable') return {ok: false, reason: 'unsayable', orders: [earlier.order, item.order]}
      const own = {match: both, order: earlier.order, object: earlier.object}
      if (!wins(own, item, ranking)) return {ok: false, reason: 'unsayable', orders: [earlier.order, item.order]}
      pending.push(own)
    }
    placed.push(item)
    if (placed.length + pending.length > most) return {ok: false, reason: 'too-many', orders: [item.order, item.order]}
  }
  return {ok: true, matches: placed.sort((one, other) => one.order - other.order)}
}

type Cut =
  | {readonly ok: true; readonly item: RankedMatch | undefined}
  | {readonly ok: false; readonly reason: 'unsayable'; readonly orders: readonly [number, number]}

/** The item without the paths of earlier matches that would lose to it; undefined where nothing is left. */
function cutOut(whole: RankedMatch, placed: readonly RankedMatch[], ranking: Ranking): Cut {
  const {order, object} = whole
  let match = whole.match
  const earlier = placed.filter((one) => one.order < order)
  for (let changed = true; changed;) {
    changed = false
    for (const one of earlier) {
      // What was cut out of the earlier one went to still earlier ones.
      const uncut = {...one.match, path: withoutHoles(one.match.path)}
      if (covers(uncut, match)) return {ok: true, item: undefined}
      if (!coversRest(one.match, match) || wins(one, {match, order, object}, ranking)) continue
      if (intersect(uncut, match) === 'empty') continue
      const path = withoutPath(match.path, uncut.path)
      if (path === 'unsayable') return {ok: false, reason: 'unsayable', orders: [one.order, order]}
      if (path === 'empty') return {ok: true, item: undefined}
      const {method, headers} = match
      match = {path: path.pattern, method, headers}
      changed = true
    }
  }
  return {ok: true, item: {match, order, object}}
}

/** True where the proxy surely takes `one` for every request that both match. */
function wins(one: RankedMatch, other: RankedMatch, ranking: Ranking): boolean {
  return ranking.paths(one.match, other.match).every((path) => {
    if (path !== 'same') return path === 'more'
    const methods = ranking.byMethod
      ? Number(one.match.method !== undefined) - Number(other.match.method !== undefined)
      : 0
    const rest = methods === 0 ? one.match.headers.length - other.match.headers.length : methods
    return rest > 0 || (rest === 0 && one.object === other.object)
  })
}

/**
 * HTTPRoutes whose paths are exact or regular expressions: both count as the whole length of the path, no path as one
 * character.
 */
export const httpRanking: Ranking = {
  byMethod: true,
  paths({path: one}, {path: other}) {
    if ((one === undefined) === (other === undefined)) return ['same']
    const path = one ?? other
    const better = one === undefined ? 'less' : 'more'
    if (path?.kind === 'exact') return path.value.length === 1 ? ['same'] : [better]
    const root = path?.kind === 'regex' || (path !== undefined && matchesPath(path, '/'))
    return root ? ['same', better] : [better]
  },
}

/** GRPCRoutes: a method of a service before the service, and that before all. */
export const grpcRanking: Ranking = {
  byMethod: false,
  paths({path: one}, {path: other}) {
    const difference = grpcRank(one) - grpcRank(other)
    if (difference === 0) return ['same']
    return difference > 0 ? ['more'] : ['less']
  },
}

function grpcRank(path: RequestMatch['path']): number {
  if (path === undefined) return 0
  return path.kind === 'exact' ? 2 : 1
}
