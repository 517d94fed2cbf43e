import type {KubeObject, StringMap} from '../mesh/pod.ts'
import type {Values} from '../mesh/values.ts'

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
