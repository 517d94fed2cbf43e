import type {z} from 'zod'
import type {Tree} from '../config/tree.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues} from '../mesh/values.ts'
import {accessPolicySchema, type AccessPolicySpec} from '../rules/access-policy.ts'
import {meshServiceName, meshServiceSchema, type MeshServiceSpec} from '../rules/mesh-service.ts'
import {readSpec, type SpecReading} from '../rules/read.ts'
import {trafficPolicyName, trafficPolicySchema, type TrafficPolicySpec} from '../rules/traffic-policy.ts'
import {askedBy} from './asked.ts'
import type {Feature} from './features.ts'
import type {ServiceName} from './intent.ts'
import type {SourceKind} from './origin.ts'
import {objectSite, type Site} from './site.ts'

/** A namespaced rule object: what is kept of it. */
export interface Rule<Spec> {
  readonly site: Site
  readonly namespace: string
  readonly name: string
  readonly generation: number | undefined
  /** RFC 3339; '' where it is unknown. */
  readonly created: string
  /** The service that it is about, as far as that can be read. */
  readonly destination: ServiceName
  /** What it asks of a mesh before all else, as far as that can be read. */
  readonly asks: Feature
  readonly reading: SpecReading<Spec>
}

export type TrafficRule = Rule<TrafficPolicySpec>
export type AccessRuleObject = Rule<AccessPolicySpec>
export type Registered = Rule<MeshServiceSpec>

export function trafficRule(object: KubeObject, namespace: string, name: string, places?: Tree): TrafficRule {
  const read = rule('TrafficPolicy', trafficPolicySchema, object, {namespace, name}, 'service', places)
  if (!read.reading.ok || trafficPolicyName.holds(name, read.reading.spec)) return read
  return {...read, reading: {ok: false, faults: [{path: ['service'], message: trafficPolicyName.message}]}}
}

export function accessRule(object: KubeObject, namespace: string, name: string, places?: Tree): AccessRuleObject {
  return rule('AccessPolicy', accessPolicySchema, object, {namespace, name}, 'destination', places)
}

export function registered(object: KubeObject, namespace: string, name: string, places?: Tree): Registered {
  const read = rule('MeshService', meshServiceSchema, object, {namespace, name}, undefined, places)
  if (meshServiceName.holds(name)) return read
  return {...read, reading: {ok: false, faults: [{path: [], message: meshServiceName.message}]}}
}

function rule<T extends z.ZodType>(
  kind: SourceKind,
  schema: T,
  {metadata, spec}: KubeObject,
  {namespace, name}: ServiceName,
  destinationKey: string | undefined,
  places: Tree | undefined,
): Rule<z.output<T>> {
  const raw = isValues(spec) ? spec : {}
  // A rule that cannot be read still holds back what it is about: its name is its service's by custom.
  const about = destinationKey === undefined ? undefined : named(raw[destinationKey])
  const generation = metadata?.['generation']
  const created = metadata?.['creationTimestamp']
  return {
    site: objectSite({kind, namespace, name}, places),
    namespace,
    name,
    generation: typeof generation === 'number' ? generation : undefined,
    created: typeof created === 'string' ? created : '',
    destination: {
      namespace: (destinationKey === undefined ? undefined : named(raw['namespace'])) ?? namespace,
      name: about ?? name,
    },
    asks: askedBy(kind, raw),
    reading: readSpec(schema, spec),
  }
}

function named(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value) ? value : undefined
}
