import type {AccessRule, ServiceFacts, ServiceIntent} from '../../../intent/intent.ts'
import type {KubeObject} from '../../pod.ts'
import type {Part} from '../../translation.ts'
import type {Values} from '../../values.ts'
import {owned, partOf} from '../../part.ts'
import {byText} from '../../text-order.ts'
import {callersOf, sourcesOf, union, type Callers, type everybody} from './access-callers.ts'
import {accessPorts, checkRequests, featureOf, type AccessPorts} from './access-ports.ts'
import {Findings} from './findings.ts'
import {kinds, objectOf} from './kinds.ts'
import type {RuleSettings} from './settings.ts'

/** What the CRD holds. */
const mostRules = 512

/**
 * All rules on one service: one AuthorizationPolicy of what is denied, which Istio asks first, and one of what is
 * allowed, which turns everybody else away.
 */
export function accessPart(intent: ServiceIntent, settings: RuleSettings): Part | undefined {
  const {access, facts, service} = intent
  if (access === undefined || access.rules.length === 0) return undefined
  const {rules} = access
  const findings = new Findings()
  const origins = rules.flatMap(({origin, from}) => [origin, ...from.map((peer) => peer.origin)])
  checkIdentities(rules, settings, findings)
  if (facts === undefined || Object.keys(facts.selector).length === 0) {
    for (const rule of rules) {
      if (facts === undefined) {
        findings.refused(
          'MW6112',
          featureOf(rule),
          rule.origin,
          `the labels of the pods of ${service.name} are not known`,
        )
      } else {
        const message = `Service ${service.name} has no selector, so there are no labels to find its pods by`
        findings.refused('MW6113', featureOf(rule), rule.origin, message)
      }
    }
    return partOf('access', origins, findings)
  }
  const ruling = {intent, facts, ports: accessPorts(intent, facts, findings), settings, findings}
  const policies = (['DENY', 'ALLOW'] as const).flatMap((action) => {
    const own = rules.filter((rule) => rule.action === action)
    return own.length === 0 ? [] : [policy(action, own, ruling)]
  })
  return partOf('access', origins, findings, owned(...policies))
}

interface Ruling {
  readonly intent: ServiceIntent
  readonly facts: ServiceFacts
  readonly ports: AccessPorts
  readonly settings: RuleSettings
  readonly findings: Findings
}

/** Who calls is read from a certificate: never without mutual TLS, and not of everybody where it is not required. */
function checkIdentities(rules: readonly AccessRule[], settings: RuleSettings, findings: Findings): void {
  const {mutualTLS, plainEnvoy} = settings
  for (const rule of rules) {
    if (rule.from.length === 0) continue
    if (plainEnvoy || mutualTLS === false) {
      const why = plainEnvoy ? 'mesh.sidecarImage is a plain Envoy' : 'mesh.security.mutualTLS is false'
      findings.refused('MW6115', featureOf(rule), rule.origin, `${why}, so nobody knows who calls`)
    } else if (rule.action === 'DENY' && mutualTLS !== true) {
      const message = 'callers without a sidecar have no identity and are not turned away by it'
      findings.approximated('MW6116', 'deny', rule.origin, message)
    }
  }
}

/** The suffix is always there: it keeps the policies of `orders` and of a service named `orders-deny` apart. */
function policy(action: 'ALLOW' | 'DENY', rules: readonly AccessRule[], ruling: Ruling): KubeObject {
  const {intent, facts, findings} = ruling
  const {namespace, name} = intent.service
  const said = merged(rules.flatMap((rule) => rulingOf(rule, ruling) ?? []))
  const [first] = rules
  if (first !== undefined && said.length > mostRules) {
    findings.refused('MW6122', featureOf(first), first.origin, `all rules on ${name} come to ${said.length}`)
  }
  return objectOf(kinds.authorizationPolicy, namespace, `${name}-${action.toLowerCase()}`, {
    selector: {matchLabels: facts.selector},
    action,
    rules: said.map(({callers, operation}) => ({
      ...sourcesOf(callers),
      ...(Object.keys(operation).length > 0 && {to: [{operation}]}),
    })),
  })
}

/** One of a policy's rules. */
interface Said {
  readonly callers: Callers | typeof everybody
  readonly operation: Values
}

/** Undefined where the rule cannot be said; a finding says why. */
function rulingOf(rule: AccessRule, {intent, facts, ports, settings, findings}: Ruling): Said | undefined {
  const {from, methods, paths} = rule
  const callers = callersOf(from, featureOf(rule), intent.service, settings.trustDomain, findings)
  const ofRequests = methods.length > 0 || paths.length > 0
  const isSayable = checkPaths(rule, findings) && (!ofRequests || checkRequests(rule, intent, facts, findings))
  if (callers === undefined || !isSayable) return undefined
  const numbers = ofRequests ? ports.requests : ports.all
  const operation = {
    ...(numbers.length > 0 && {ports: numbers.map(String)}),
    ...(methods.length > 0 && {methods: methods.toSorted(byText)}),
    ...(paths.length > 0 && {paths: paths.toSorted(byText)}),
  }
  return {callers, operation}
}

function checkPaths({paths, origin}: AccessRule, findings: Findings): boolean {
  for (const path of paths) {
    if (/[?#]/.test(path)) {
      findings.refused('MW6109', 'access-path', origin, `${JSON.stringify(path)} goes on behind the end of a path`)
    } else if (/[{}]/.test(path)) {
      findings.refused(
        'MW6118',
        'access-path',
        origin,
        `${JSON.stringify(path)} has a brace, which stands for a part of a path`,
      )
    }
  }
  return !paths.some((path) => /[?#{}]/.test(path))
}

/** Rules that differ in the callers only are one; their order depends on nothing but what they say. */
function merged(rules: readonly Said[]): readonly Said[] {
  const byOperation = new Map<string, Said>()
  for (const rule of rules) {
    const key = JSON.stringify(rule.operation)
    const known = byOperation.get(key)
    byOperation.set(key, known === undefined ? rule : {...rule, callers: union(known.callers, rule.callers)})
  }
  return [...byOperation].toSorted(([one], [other]) => byText(one, other)).map(([, rule]) => rule)
}
