import type {z} from 'zod'
import type {ServiceName} from '../intent/intent.ts'
import {dotted} from '../config/problem.ts'
import type {Values} from '../mesh/values.ts'
import {meshServiceSchema, type MeshServiceSpec} from '../rules/mesh-service.ts'
import {readSpec} from '../rules/read.ts'
import {trafficPolicySchema, type TrafficPolicySpec} from '../rules/traffic-policy.ts'
import {MeshRuleError} from './errors.ts'

/** Which call of the SDK it was. */
export type Call = 'register' | 'split' | 'canary' | 'circuit-breaker'

/**
 * What one call of the SDK says of a service: a part of a MeshService or TrafficPolicy with a field manager of its own, so
 * that a breaker does not delete a split, and the pods of v1 do not fight those of v2.
 */
export interface Fragment {
  readonly call: Call
  readonly kind: 'MeshService' | 'TrafficPolicy'
  readonly service: ServiceName
  /** Who says it, which call it was, and of which version: the same from every replica. */
  readonly manager: string
  readonly spec: Values
}

/** Who speaks: the service that the application registered, or what it is called in the options. */
export interface Speaker {
  readonly name: string
  readonly version: string
}

/** Kubernetes takes field managers up to this length. */
const longestManager = 128

export function registrationFragment(speaker: Speaker, service: ServiceName, spec: MeshServiceSpec): Fragment {
  return {
    call: 'register',
    kind: 'MeshService',
    service,
    manager: managerOf(speaker, 'register'),
    spec: checked(meshServiceSchema, spec, `service ${service.name}`),
  }
}

export function trafficFragment(
  speaker: Speaker,
  call: Exclude<Call, 'register'>,
  service: ServiceName,
  spec: Omit<TrafficPolicySpec, 'service'>,
): Fragment {
  const whole = {service: service.name, ...spec}
  return {
    call,
    kind: 'TrafficPolicy',
    service,
    manager: managerOf(speaker, call),
    spec: checked(trafficPolicySchema, whole, `rules for ${service.name}`),
  }
}

function managerOf({name, version}: Speaker, call: Call): string {
  const words = version === '' ? [name, call] : [name, call, version]
  return `meshwright-sdk/${words.join('/')}`.slice(0, longestManager)
}

/** What the fragment's speaker is called for another call, whose name is not a shorter one: of a long version more would be left. */
export function managerFor({manager}: Fragment, call: Call): string {
  const [product, name, , ...version] = manager.split('/')
  return [product, name, call, ...version].join('/').slice(0, longestManager)
}

/** Whether `manager` is what another version of the fragment's speaker is called for the same call. */
export function isAnotherVersion(manager: string, fragment: Fragment): boolean {
  if (manager === fragment.manager) return false
  const [, own] = fragment.manager.split('/')
  return (
    manager === `meshwright-sdk/${own}/${fragment.call}` ||
    manager.startsWith(`meshwright-sdk/${own}/${fragment.call}/`)
  )
}

/** Held against the schema here, so that a mistake shows where it was made and not in a status later. */
function checked(schema: z.ZodType, spec: Values, what: string): Values {
  // An absent setting is written as undefined by callers; it is none.
  const written: Values = JSON.parse(JSON.stringify(spec))
  const reading = readSpec(schema, written)
  if (reading.ok) return written
  const faults = reading.faults.map(({path, message}) => (path.length > 0 ? `${dotted(path)}: ${message}` : message))
  throw new MeshRuleError(`${what}: ${faults.join('; ')}`)
}
