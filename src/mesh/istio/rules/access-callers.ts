import type {Account, Peer, ServiceName} from '../../../intent/intent.ts'
import type {Values} from '../../values.ts'
import {byText} from '../../text-order.ts'
import type {Findings} from './findings.ts'
import {shownService} from './hosts.ts'

/** Whom a rule is about, by what a certificate says of them. */
export interface Callers {
  readonly principals: readonly string[]
  readonly namespaces: readonly string[]
}

export const everybody = 'everybody'

/** Undefined where a caller cannot be named; a finding says why. */
export function callersOf(
  from: readonly Peer[],
  feature: 'allow-service' | 'allow-namespace' | 'deny',
  here: ServiceName,
  trustDomain: string,
  findings: Findings,
): Callers | typeof everybody | undefined {
  if (from.length === 0) return everybody
  const namespaces = from.flatMap((peer) => (peer.kind === 'namespace' ? [peer.namespace] : []))
  const named = from.flatMap((peer) => (peer.kind === 'service' ? [accountsOf(peer, feature, here, findings)] : []))
  const known = named.filter((accounts) => accounts !== undefined)
  if (known.length < named.length) return undefined
  const principals = known.flat().map(({namespace, name}) => `${trustDomain}/ns/${namespace}/sa/${name}`)
  return {principals: distinct(principals), namespaces: distinct(namespaces)}
}

function accountsOf(
  {service, accounts, origin}: Extract<Peer, {readonly kind: 'service'}>,
  feature: 'allow-service' | 'allow-namespace' | 'deny',
  here: ServiceName,
  findings: Findings,
): readonly Account[] | undefined {
  const name = shownService(service, here.namespace)
  // No accounts must not become everybody.
  if (accounts === undefined || accounts.length === 0) {
    findings.refused('MW6112', feature, origin, `the ServiceAccounts of the pods of ${name} are not known`)
    return undefined
  }
  const shared = accounts.find(({sharedWith}) => sharedWith.length > 0)
  if (shared === undefined) return accounts
  const others = shared.sharedWith.map((other) => shownService(other, here.namespace)).toSorted(byText)
  const message = `${name} runs under ServiceAccount ${shared.namespace}/${shared.name}, and so does ${others.join(', ')}`
  findings.refused('MW6114', feature, origin, message)
  return undefined
}

export function union(one: Callers | typeof everybody, other: Callers | typeof everybody): Callers | typeof everybody {
  if (one === everybody || other === everybody) return everybody
  return {
    principals: distinct([...one.principals, ...other.principals]),
    namespaces: distinct([...one.namespaces, ...other.namespaces]),
  }
}

/** `from` of a rule: fields of one source must all hold, of several any. Absent: everybody. */
export function sourcesOf(callers: Callers | typeof everybody): Values {
  if (callers === everybody) return {}
  const {principals, namespaces} = callers
  return {
    from: [
      ...(principals.length > 0 ? [{source: {principals}}] : []),
      ...(namespaces.length > 0 ? [{source: {namespaces}}] : []),
    ],
  }
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted(byText)
}
