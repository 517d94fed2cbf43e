import {configurationSchema} from '../../config/schema.ts'
import type {Injection, Injector, Resolution, Subject} from '../mesh.ts'
import type {Objects} from '../objects.ts'
import type {Container, KubeObject, Pod, PodSpec, StringMap} from '../pod.ts'
import type {Values} from '../values.ts'
import {linkerd} from './index.ts'

/** What the unit tests of this folder start from. */
export const anchors = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'

export function objectsOf(...objects: readonly KubeObject[]): Objects {
  return {
    get: (kind, namespace, name) =>
      objects.find(({kind: k, metadata}) => {
        return k === kind && metadata?.namespace === namespace && metadata.name === name
      }),
    namespace: () => undefined,
  }
}

/** Linkerd resolved with these keys of `mesh` and these chart values. */
export function resolve(mesh: object, values: Values = {}): Resolution {
  const config = {
    mesh: {type: 'linkerd', linkerd: {values: {identityTrustAnchorsPEM: anchors, ...values}}, ...mesh},
  }
  return linkerd.resolve(configurationSchema.parse(config), objectsOf())
}

export function injectorOf(mesh: object = {}, values: Values = {}): Injector {
  const resolution = resolve(mesh, values)
  if (!resolution.ok) throw new Error(JSON.stringify(resolution.problems))
  return resolution.injector
}

export function podOf(annotations: StringMap = {}, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name: 'web', annotations},
    spec: {containers: [{name: 'web', image: 'web:1', ports: [{containerPort: 8080}]}], ...spec},
  }
}

export function subjectOf(pod: Pod, parts: Partial<Subject> = {}): Subject {
  const labels = {'kubernetes.io/metadata.name': 'shop'}
  const annotations = {'linkerd.io/inject': 'enabled'}
  return {pod, namespace: {name: 'shop', labels, annotations}, objects: objectsOf(), overrides: {}, ...parts}
}

/** The injected pod, or an error that says what came of it instead. */
export function injected(injection: Injection): Pod {
  if (injection.outcome !== 'injected') throw new Error(JSON.stringify(injection))
  return injection.pod
}

export function containerOf({spec}: Pod, name: string): Container {
  const found = [...(spec.initContainers ?? []), ...spec.containers].find((container) => container.name === name)
  if (found === undefined) throw new Error(`no container ${name}`)
  return found
}

/** A variable of the proxy by its name without `LINKERD2_PROXY_`. */
export function variableOf(pod: Pod, name: string): string | undefined {
  return containerOf(pod, 'linkerd-proxy').env?.find((variable) => variable.name === `LINKERD2_PROXY_${name}`)?.value
}
