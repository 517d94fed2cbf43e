import type {Origin} from '../../../intent/origin.ts'
import type {Desired} from '../../translation.ts'
import type {Cell} from './access-cells.ts'
import type {Authorizations} from './authorization.ts'
import {callersKey} from './callers.ts'
import type {Findings} from './findings.ts'
import {accessRouteKind, groupOf, objectOf, serverKind} from './kinds.ts'
import {httpMatch} from './route-match.ts'

/** Of Linkerd's own HTTPRoute. */
const mostMatchesOfRule = 8
const mostRules = 16

/** A Server that gets routes. */
export interface RoutedServer {
  readonly namespace: string
  readonly server: string
  readonly origin: Origin
}

/**
 * A route of the Server for each set of callers. Together they hold every request: one that none matched would be
 * answered with 404 instead of 403.
 */
export function accessRoutes(
  {namespace, server, origin}: RoutedServer,
  cells: readonly Cell[],
  authorizations: Authorizations,
  findings: Findings,
): readonly Desired[] {
  const groups = new Map<string, Cell[]>()
  for (const cell of cells) {
    const key = `${cell.probe ? 'probe ' : ''}${callersKey(cell.callers)}`
    groups.set(key, [...(groups.get(key) ?? []), cell])
  }
  return [...groups.values()].flatMap((group, at) => {
    const [first] = group
    if (first === undefined) return []
    const name = `${server}.${at + 1}`
    const said = group.map(({path, method}) => httpMatch({path, method, headers: []}))
    const matches = said.filter((match) => match !== undefined)
    if (matches.length < said.length)
      findings.refused('MW6211', 'access-path', origin, 'the paths of its rules together grow beyond 1024 characters')
    if (matches.length > mostMatchesOfRule * mostRules)
      findings.refused(
        'MW6211',
        'access-path',
        origin,
        `its rules come to ${matches.length} matches for the same callers, and a route holds ${mostMatchesOfRule * mostRules}`,
      )
    authorizations.allow(first.callers, accessRouteKind, name)
    if (first.probe) authorizations.allowProbes(accessRouteKind, name)
    const rules: object[] = []
    for (let from = 0; from < matches.length; from += mostMatchesOfRule)
      rules.push({matches: matches.slice(from, from + mostMatchesOfRule)})
    const parentRefs = [{group: groupOf(serverKind), kind: serverKind.kind, name: server}]
    return [{object: objectOf(accessRouteKind, namespace, name, {parentRefs, rules}), mode: 'own' as const}]
  })
}
