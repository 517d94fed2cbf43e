import type {KubeObject, StringMap} from '../mesh/pod.ts'
import type {Values} from '../mesh/values.ts'
import type {ServiceIntent} from './intent.ts'
import {World, type WorldOptions} from './world.ts'

/** Objects for tests of intents. */

export function meshConfig(spec: Values, name = 'default'): KubeObject {
  return {apiVersion: 'meshwright.dev/v1alpha1', kind: 'MeshConfig', metadata: {name, generation: 1}, spec}
}

/** A rule object of namespace `shop`, unless `metadata` says otherwise. */
export function rule(kind: string, name: string, spec: Values, metadata: Values = {}): KubeObject {
  return {
    apiVersion: 'meshwright.dev/v1alpha1',
    kind,
    metadata: {
      name,
      namespace: 'shop',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec,
  }
}

export function traffic(service: string, spec: Values, metadata: Values = {}): KubeObject {
  return rule('TrafficPolicy', service, {service, ...spec}, metadata)
}

export function access(destination: string, spec: Values, metadata: Values = {}): KubeObject {
  return rule('AccessPolicy', `to-${destination}`, {destination, action: 'ALLOW', ...spec}, metadata)
}

export function namespace(name: string, labels: StringMap = {}, annotations: StringMap = {}): KubeObject {
  return {apiVersion: 'v1', kind: 'Namespace', metadata: {name, labels, annotations}}
}

/** Selects pods labelled `app: NAME`. */
export function service(name: string, spec: Values = {}, metadata: Values = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name, namespace: 'shop', uid: `uid-${name}`, ...metadata},
    spec: {selector: {app: name}, ports: [{name: 'http', port: 80, targetPort: 8080}], ...spec},
  }
}

/** Of the service `app`, in that version, under an account of the service's name. */
export function pod(
  app: string,
  version: string,
  more: {namespace?: string; account?: string; labels?: StringMap} = {},
) {
  const {namespace = 'shop', account = app, labels = {}} = more
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name: `${app}-${version}`, namespace, labels: {app, version, ...labels}},
    spec: {serviceAccountName: account, containers: [{name: 'app', ports: [{name: 'web', containerPort: 8080}]}]},
  } satisfies KubeObject
}

export function grant(namespace: string, kind: string, from: string, name?: string): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: {name: `${kind.toLowerCase()}-from-${from}`, namespace},
    spec: {
      from: [{group: 'meshwright.dev', kind, namespace: from}],
      to: [{group: '', kind: 'Service', ...(name === undefined ? {} : {name})}],
    },
  }
}

/** A world with these objects in it, in namespaces `shop`, `bank` and `front`. */
export function worldOf(objects: readonly KubeObject[], options: Partial<WorldOptions> = {}): World {
  const world = new World({cluster: true, ...options})
  for (const name of ['shop', 'bank', 'front']) world.set(namespace(name))
  for (const object of objects) world.set(object)
  return world
}

/** What is wanted of a service. Throws where nothing is. */
export function intentOf(world: World, service = 'shop/orders'): ServiceIntent {
  const {wanted, problems} = world.intentOf(`service/${service}`)
  if (wanted?.kind !== 'service') throw new Error(`nothing is wanted of ${service}: ${JSON.stringify(problems)}`)
  return wanted.intent
}

/** `CODE place: message`, of everything that is wrong with a unit. */
export function problemsOf(world: World, unit = 'service/shop/orders'): readonly string[] {
  return world.intentOf(unit).problems.map(({code, origin, message}) => `${code} ${origin.place}: ${message}`)
}
