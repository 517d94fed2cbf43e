import type {Access, AccessRule, ServiceIntent} from '../../../intent/intent.ts'
import type {Part} from '../../translation.ts'
import type {Values} from '../../values.ts'
import {owned, partOf} from '../../part.ts'
import {byText} from '../../text-order.ts'
import {appliesTo, callersOf, type Caller} from './callers.ts'
import {Findings} from './findings.ts'
import {entry, kinds} from './kinds.ts'
import {consulMethods} from './matches.ts'
import {namespaceOf} from './names.ts'
import type {RuleSettings} from './settings.ts'

/**
 * The one ServiceIntentions of a destination, with all of its rules in it. Consul looks only at the most exact source
 * that fits a caller, so each source gets every rule that applies to it, those for everybody among them.
 */
export function accessPart(intent: ServiceIntent, settings: RuleSettings, heldBack: boolean): Part | undefined {
  const {access, service, protocol} = intent
  if (access === undefined || access.rules.length === 0) return undefined
  const findings = new Findings()
  checkRules(access, intent, findings)
  const callers = callersOf(access, service, settings, findings)
  const sources = callers.flatMap((caller) => sourceOf(caller, access))
  const detailed = access.rules.find(isDetailed)
  if (detailed !== undefined && protocol !== 'tcp' && heldBack) {
    const message = `the protocol of ${service.name} is held back with the rest of its ServiceDefaults`
    findings.refused('MW6371', featureOf(detailed), detailed.origin, message)
  }
  const [first] = access.rules
  if (settings.deniesByDefault && first !== undefined && !hasAllow(access)) {
    const message =
      'with ACLs Consul turns away whoever no rule allows, so callers that are not denied need an ALLOW rule'
    findings.approximated('MW6342', 'deny', first.origin, message)
  }
  const namespace = namespaceOf(settings, service.namespace)
  const destination = {name: service.name, ...(namespace !== undefined && {namespace})}
  const origins = access.rules.flatMap(({origin, from}) => [origin, ...from.map((peer) => peer.origin)])
  return partOf(
    'access',
    origins,
    findings,
    owned(entry(kinds.intentions, service.namespace, service.name, {destination, sources})),
  )
}

function hasAllow({rules}: Access): boolean {
  return rules.some(({action}) => action === 'ALLOW')
}

/** True where the rule is not about callers alone. */
export function isDetailed({methods, paths}: AccessRule): boolean {
  return methods.length > 0 || !isAnyPath(paths)
}

function isAnyPath(paths: readonly string[]): boolean {
  return paths.length === 0 || paths.includes('*')
}

function featureOf({paths}: AccessRule) {
  return paths.length > 0 ? ('access-path' as const) : ('access-method' as const)
}

function checkRules({rules}: Access, {service, protocol}: ServiceIntent, findings: Findings): void {
  for (const rule of rules.filter(isDetailed)) {
    const {methods, paths, origin} = rule
    if (protocol === 'tcp') {
      const message = `${service.name} speaks tcp, which has no methods and paths`
      findings.refused('MW6341', featureOf(rule), origin, message)
    }
    const method = methods.find((one) => !consulMethods.has(one))
    if (method !== undefined) {
      findings.refused('MW6313', 'access-method', origin, `Consul knows no method ${JSON.stringify(method)}`)
    }
    const path = paths.find((one) => one !== '*' && !one.startsWith('/'))
    if (path !== undefined) {
      findings.refused('MW6313', 'access-path', origin, `the path ${JSON.stringify(path)} does not begin with /`)
    }
  }
}

/** What the rules make of one caller; nothing for everybody else where no ALLOW rule turns them away. */
function sourceOf(caller: Caller, access: Access): readonly Values[] {
  const {name, namespace} = caller
  const source = {name, ...(namespace !== undefined && {namespace})}
  const rules = access.rules.filter((rule) => appliesTo(rule, caller))
  const denials = rules.filter(({action}) => action === 'DENY')
  const allowances = rules.filter(({action}) => action === 'ALLOW')
  const isClosed = hasAllow(access)
  if (rules.length === 0 && !isClosed) return []
  if (denials.some((rule) => !isDetailed(rule)) || (isClosed && allowances.length === 0)) {
    return [{...source, action: 'deny'}]
  }
  const isOpen = allowances.some((rule) => !isDetailed(rule))
  if (denials.length === 0 && isOpen) return [{...source, action: 'allow'}]
  // The first permission that fits decides. What none fits is left to Consul's default policy, so an end is put here.
  const permissions = [
    ...denials.flatMap(permissionsOf),
    ...(isOpen ? [] : allowances.flatMap(permissionsOf)),
    ...(isClosed ? [{action: isOpen ? 'allow' : 'deny', http: {pathPrefix: '/'}}] : []),
  ]
  return [{...source, permissions: distinct(permissions)}]
}

function permissionsOf({action, methods, paths}: AccessRule): readonly Values[] {
  const verb = action === 'DENY' ? 'deny' : 'allow'
  const some = [...new Set(methods)].sort(byText)
  const wanted = isAnyPath(paths) ? [{}] : [...new Set(paths)].sort(byText).map(pathOf)
  return wanted.map((path) => ({action: verb, http: {...path, ...(some.length > 0 && {methods: [...some]})}}))
}

function pathOf(path: string): Values {
  return path.endsWith('*') ? {pathPrefix: path.slice(0, -1)} : {pathExact: path}
}

function distinct(permissions: readonly Values[]): readonly Values[] {
  return [...new Map(permissions.map((one) => [JSON.stringify(one), one] as const)).values()]
}
