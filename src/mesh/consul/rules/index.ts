import type {Configuration} from '../../../config/schema.ts'
import type {ServiceIntent} from '../../../intent/intent.ts'
import {keyPrefix} from '../keys.ts'
import type {Part, RuleMesh, Translator} from '../../translation.ts'
import {byText} from '../../text-order.ts'
import {breakerPart} from './breaker.ts'
import {capabilities} from './capabilities.ts'
import {originsOf, serviceDefaults} from './defaults.ts'
import {Findings} from './findings.ts'
import {accessPart} from './intentions.ts'
import {orderOfApplication} from './kinds.ts'
import {areConfused} from './names.ts'
import {meshParts, namespaceParts} from './proxies.ts'
import {registrationPart} from './registration.ts'
import {valueOf} from './service-meta.ts'
import {readRuleSettings, type RuleSettings} from './settings.ts'
import {trafficRules} from './traffic.ts'

/** Rules as the config entries of Consul 2.0, which consul-k8s 2.0 takes as custom resources. */
export const consulRuleMesh: RuleMesh = {name: 'consul', kinds: orderOfApplication, capabilities, translator}

function translator(configuration: Configuration): Translator {
  const settings = readRuleSettings(configuration)
  return {
    service: (intent) => serviceParts(intent, settings),
    namespace: namespaceParts,
    mesh: meshParts,
  }
}

function serviceParts(intent: ServiceIntent, settings: RuleSettings): readonly Part[] {
  const defaults = serviceDefaults(intent, settings)
  // What needs the protocol cannot be written without it.
  const heldBack = defaults !== undefined && settings.strict && defaults.findings.all.length > 0
  const traffic = trafficRules(intent, settings, heldBack)
  const parts = [
    defaults?.part(traffic?.localRequestTimeout),
    registrationPart(intent),
    traffic?.part,
    breakerPart(intent),
    accessPart(intent, settings, heldBack),
  ].filter((part) => part !== undefined)
  const obstacle = obstacleTo(intent, settings)
  return obstacle === undefined ? parts : parts.map((part) => refusedFor(part, obstacle, intent))
}

interface Obstacle {
  readonly code: 'MW6301' | 'MW6302'
  readonly message: string
}

/** Why Consul's entry of that name would not be about this service. */
function obstacleTo({service, facts}: ServiceIntent, settings: RuleSettings): Obstacle | undefined {
  const namesakes = facts?.namesakes?.filter((namespace) => areConfused(settings, {...service, namespace}, service))
  if (namesakes !== undefined && namesakes.length > 0) {
    const where = namesakes.toSorted(byText).join(', ')
    const message = `Consul has one name for ${service.name} here and in ${where}, so what is said of one would hold for all`
    return {code: 'MW6301', message}
  }
  // A list of names is that of a pod with several services, which is registered under the Service's own name too.
  const others = (facts?.pods ?? []).flatMap(
    ({annotations}) => valueOf(annotations, `${keyPrefix}connect-service`) ?? [],
  )
  const other = others.toSorted(byText).find((name) => !name.split(',').includes(service.name))
  if (other === undefined) return undefined
  const message = `pods of ${service.name} are registered in Consul as ${JSON.stringify(other)}: see their annotation connect-service`
  return {code: 'MW6302', message}
}

/** The part with nothing to write, and each rule that it is made of told why. */
function refusedFor(part: Part, {code, message}: Obstacle, intent: ServiceIntent): Part {
  const findings = new Findings()
  for (const origin of originsOf(intent)) {
    const {kind, namespace, name} = origin.source
    const isOfPart = part.sources.some(
      (source) => source.kind === kind && source.namespace === namespace && source.name === name,
    )
    if (isOfPart) findings.refused(code, 'registration', origin, message)
  }
  return {...part, objects: [], findings: [...part.findings, ...findings.all]}
}
