import type {RuleFinding} from '../mesh/translation.ts'
import {featureOf, readAccessPolicy, readConfiguredAccess, type AccessReading} from './access-reading.ts'
import type {Governor} from './governance.ts'
import type {Access, AccessRule, Protocol, ServiceName} from './intent.ts'
import type {Origin, Source} from './origin.ts'
import {faultsOf, notGranted, refused} from './problem.ts'
import type {AccessRuleObject} from './rule.ts'
import {shownService} from './unit.ts'
import type {View} from './view.ts'

/** What became of the rules on who may call a service. */
export interface AccessVerdict {
  /** Absent where there is no rule, and where one is held back: without it the others would be another answer. */
  readonly access?: Access
  readonly problems: readonly RuleFinding[]
  readonly held: boolean
  readonly sources: readonly Source[]
}

/** All rules on who may call a service, as one answer; `governor` governs the service's namespace. */
export function accessOf(service: ServiceName, protocol: Protocol, governor: Governor, view: View): AccessVerdict {
  const written = view.accessRules(service)
  const granted = written.filter(({namespace}) => view.grants('AccessPolicy', namespace, service))
  const strangers = written.filter((rule) => !granted.includes(rule))
  const turnedAway = strangers.map((rule) => notGranted(rule, service))
  const configured = governor.rules.access.get(shownService(service)) ?? []
  const sources = [...(configured.length === 0 ? [] : [governor.site.source]), ...written.map(({site}) => site.source)]
  const abouts = [
    ...configured.map(({action, path}) => ({action, origin: governor.site.at(path)})),
    ...granted.flatMap(about),
  ]
  const readings = [
    ...configured.map((rule) => readConfiguredAccess(rule, governor.site, view)),
    ...granted.map((rule) => readRule(rule, view)),
  ]
  const rules = readings.flatMap((reading) => (reading.ok ? [reading.rule] : []))
  const problems = [
    ...missing(service, abouts, view),
    ...readings.flatMap((reading) => (reading.ok ? [] : reading.problems)),
    ...(protocol === 'tcp' ? rules.flatMap(withoutRequests) : []),
  ]
  const held = problems.length > 0
  return {
    ...(held || rules.length === 0 ? {} : {access: {rules}}),
    problems: [...turnedAway, ...problems],
    held,
    sources,
  }
}

function readRule(rule: AccessRuleObject, view: View): AccessReading {
  const {reading, site, namespace} = rule
  if (!reading.ok) return {ok: false, problems: faultsOf(rule)}
  return readAccessPolicy(reading.spec, site, namespace, view)
}

/** A rule that could be read, and where it says whom it is about. */
interface About {
  readonly action: 'ALLOW' | 'DENY'
  readonly origin: Origin
}

function about({site, reading}: AccessRuleObject): readonly About[] {
  return reading.ok ? [{action: reading.spec.action, origin: site.at(['spec', 'destination'])}] : []
}

/** A destination that does not exist, told to every rule about it. */
function missing(service: ServiceName, rules: readonly About[], view: View): readonly RuleFinding[] {
  if (rules.length === 0 || !view.isMissing(service)) return []
  const message = `there is no Service ${shownService(service)}`
  return rules.map(({origin, action}) => refused('MW6001', featureOf(action), origin, message))
}

function withoutRequests({methods, paths, origin}: AccessRule): readonly RuleFinding[] {
  if (methods.length === 0 && paths.length === 0) return []
  const feature = methods.length > 0 ? 'access-method' : 'access-path'
  const message = `${methods.length > 0 ? 'methods' : 'paths'}: the service speaks plain TCP, which has no requests`
  return [refused('MW6009', feature, origin, message)]
}
