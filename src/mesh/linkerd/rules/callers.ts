import type {AccessRule, Account, Peer, ServiceName} from '../../../intent/intent.ts'
import type {Feature} from '../../../intent/features.ts'
import type {Findings} from './findings.ts'
import {isSame} from './route-backends.ts'

/** Who may call, as Linkerd knows them: by ServiceAccount or by the namespace of it. */
export type Callers =
  | {readonly kind: 'everybody'}
  | {readonly kind: 'some'; readonly namespaces: readonly string[]; readonly accounts: readonly Identity[]}

export interface Identity {
  readonly namespace: string
  readonly name: string
}

export const everybody: Callers = {kind: 'everybody'}
export const nobody: Callers = {kind: 'some', namespaces: [], accounts: []}

/** A rule with its callers looked up. */
export interface ResolvedRule {
  readonly rule: AccessRule
  readonly callers: Callers
}

/** The callers of each rule; undefined with a refusal where Linkerd cannot tell them from others. */
export function resolveRules(rules: readonly AccessRule[], findings: Findings): readonly ResolvedRule[] | undefined {
  const resolved: ResolvedRule[] = []
  for (const rule of rules) {
    const callers = callersOf(rule, rules, findings)
    if (callers !== undefined) resolved.push({rule, callers})
  }
  return resolved.length === rules.length ? resolved : undefined
}

function callersOf(rule: AccessRule, rules: readonly AccessRule[], findings: Findings): Callers | undefined {
  if (rule.from.length === 0) return everybody
  const namespaces: string[] = []
  const accounts: Identity[] = []
  let complete = true
  for (const peer of rule.from) {
    if (peer.kind === 'namespace') {
      namespaces.push(peer.namespace)
      continue
    }
    const own = accountsOf(peer, rule, rules, findings)
    if (own === undefined) complete = false
    else for (const account of own) accounts.push(account)
  }
  return complete ? some(namespaces, accounts) : undefined
}

function accountsOf(
  {service, accounts, origin}: Peer & {readonly kind: 'service'},
  rule: AccessRule,
  rules: readonly AccessRule[],
  findings: Findings,
): readonly Identity[] | undefined {
  const feature: Feature = rule.action === 'ALLOW' ? 'allow-service' : 'deny'
  const caller = `${service.namespace}/${service.name}`
  if (accounts === undefined || accounts.length === 0) {
    const why = accounts === undefined ? 'is not known' : 'has no pods yet'
    findings.refused(
      'MW6232',
      feature,
      origin,
      `${caller} ${why}, and so is the ServiceAccount that Linkerd would know it by`,
    )
    return undefined
  }
  for (const account of accounts) {
    const stranger = account.sharedWith.find((other) => !sharesRule(other, account, rule, rules))
    if (stranger === undefined) continue
    const verb = rule.action === 'ALLOW' ? 'be allowed' : 'be turned away'
    findings.refused(
      'MW6231',
      feature,
      origin,
      `${caller} runs under ServiceAccount ${account.namespace}/${account.name}, as ${stranger.namespace}/${stranger.name} does, which would ${verb} with it`,
    )
    return undefined
  }
  return accounts.map(({namespace, name}) => ({namespace, name}))
}

/** True where the same is asked for the other service of an account: by this rule, or by one over the same requests. */
function sharesRule(other: ServiceName, account: Account, rule: AccessRule, rules: readonly AccessRule[]): boolean {
  return rules.some(
    (one) =>
      one.action === rule.action &&
      (one === rule || isScopedAlike(one, rule)) &&
      (one.from.length === 0 ||
        one.from.some((peer) =>
          peer.kind === 'namespace' ? peer.namespace === account.namespace : isSame(peer.service, other),
        )),
  )
}

function isScopedAlike(one: AccessRule, other: AccessRule): boolean {
  const within = (wide: readonly string[], narrow: readonly string[]) =>
    wide.length === 0 || (narrow.length > 0 && narrow.every((item) => wide.includes(item)))
  return within(one.methods, other.methods) && within(one.paths, other.paths)
}

export function union(all: readonly Callers[]): Callers {
  if (all.some(({kind}) => kind === 'everybody')) return everybody
  const known = all.filter((callers) => callers.kind === 'some')
  return some(
    known.flatMap(({namespaces}) => namespaces),
    known.flatMap(({accounts}) => accounts),
  )
}

/** Those of `from` that `denied` does not name; undefined where no list of names says it. */
export function without(from: Callers, denied: Callers): Callers | undefined {
  if (denied.kind === 'everybody' || isNobody(from)) return nobody
  if (isNobody(denied)) return from
  if (from.kind === 'everybody') return undefined
  const namespaces = from.namespaces.filter((namespace) => !denied.namespaces.includes(namespace))
  if (denied.accounts.some(({namespace}) => namespaces.includes(namespace))) return undefined
  const accounts = from.accounts.filter(
    (account) => !denied.namespaces.includes(account.namespace) && !includes(denied.accounts, account),
  )
  return some(namespaces, accounts)
}

export function isNobody(callers: Callers): boolean {
  return callers.kind === 'some' && callers.namespaces.length === 0 && callers.accounts.length === 0
}

export function callersKey(callers: Callers): string {
  if (callers.kind === 'everybody') return '*'
  const accounts = callers.accounts.map(({namespace, name}) => `${namespace}/${name}`)
  return [...callers.namespaces.map((namespace) => `${namespace}/`), ...accounts].join(' ')
}

/** Sorted, each once, and no account whose namespace is there as a whole. */
function some(namespaces: readonly string[], accounts: readonly Identity[]): Callers {
  const whole = [...new Set(namespaces)].sort()
  const single = new Map(
    accounts
      .filter(({namespace}) => !whole.includes(namespace))
      .map((account) => [`${account.namespace}/${account.name}`, account]),
  )
  const sorted = [...single].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, account]) => account)
  return {kind: 'some', namespaces: whole, accounts: sorted}
}

function includes(accounts: readonly Identity[], {namespace, name}: Identity): boolean {
  return accounts.some((account) => account.namespace === namespace && account.name === name)
}
