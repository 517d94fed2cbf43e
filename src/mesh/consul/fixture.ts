import {configurationSchema} from '../../config/schema.ts'
import type {Injector, SettingsProblem, Subject} from '../mesh.ts'
import type {NamespaceFacts, Objects} from '../objects.ts'
import type {PodOverrides} from '../overrides.ts'
import type {KubeObject, Pod, StringMap} from '../pod.ts'
import type {Values} from '../values.ts'
import {consul} from './index.ts'
import {keyPrefix} from './keys.ts'

/** For the tests beside: a cluster, a configuration and pods as small as they can be. */
export const shop: NamespaceFacts = {
  name: 'shop',
  labels: {'kubernetes.io/metadata.name': 'shop'},
  annotations: {},
}

const clusterDNS = {
  nameservers: ['10.96.0.10'],
  searches: ['consul.svc.cluster.local', 'cluster.local'],
  options: ['ndots:5', 'timeout:5'],
}

export function objectsOf(...list: readonly KubeObject[]): Objects {
  return {
    get: (kind, namespace, name) =>
      list.find((o) => o.kind === kind && o.metadata?.namespace === namespace && o.metadata.name === name),
    namespace: () => undefined,
  }
}

export interface Setup {
  readonly values?: Values
  /** Keys of `mesh` beside `consul`. */
  readonly mesh?: Values
  readonly objects?: Objects
  readonly dns?: boolean
}

function resolution({values = {}, mesh = {}, objects = objectsOf(), dns = true}: Setup) {
  const config = {mesh: {type: 'consul', ...mesh, consul: {values, ...(dns && {clusterDNS})}}}
  return consul.resolve(configurationSchema.parse(config), objects)
}

export function injectorOf(setup: Setup = {}): Injector {
  const resolved = resolution(setup)
  if (resolved.ok) return resolved.injector
  throw new Error(resolved.problems.map(({message}) => message).join('\n'))
}

export function problemsOf(setup: Setup): readonly SettingsProblem[] {
  const resolved = resolution(setup)
  return resolved.ok ? [] : resolved.problems
}

/** A pod with one container that has a port and a probe; `annotations` are written without `consul.hashicorp.com/`. */
export function webPod(annotations: StringMap = {}, spec: Values = {}): Pod {
  const entries = Object.entries(annotations).map(([key, value]) => [`${keyPrefix}${key}`, value] as const)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-1',
      ...(entries.length > 0 && {annotations: Object.fromEntries(entries)}),
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'web:1',
          ports: [{name: 'http', containerPort: 8080}, {containerPort: 9090}],
          readinessProbe: {httpGet: {path: '/healthz', port: 'http'}},
        },
      ],
      ...spec,
    },
  }
}

export interface Situation {
  readonly namespace?: NamespaceFacts
  readonly objects?: Objects
  readonly overrides?: PodOverrides
}

export function subjectOf(
  pod: Pod,
  {namespace = shop, objects = objectsOf(), overrides = {}}: Situation = {},
): Subject {
  return {pod, namespace, objects, overrides}
}

/** The injected pod; fails where there is none. */
export function injected(pod: Pod, setup: Setup = {}, situation: Situation = {}): Pod {
  const injection = injectorOf(setup).inject(
    subjectOf(pod, {...(setup.objects && {objects: setup.objects}), ...situation}),
  )
  if (injection.outcome === 'injected') return injection.pod
  throw new Error(injection.outcome === 'refused' ? injection.message : injection.reason)
}

/** The sentence that a pod is refused with, '' where it is not. */
export function refusal(pod: Pod, setup: Setup = {}, situation: Situation = {}): string {
  const injection = injectorOf(setup).inject(subjectOf(pod, situation))
  return injection.outcome === 'refused' ? injection.message : ''
}
