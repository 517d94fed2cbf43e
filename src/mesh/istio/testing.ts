import {configurationSchema} from '../../config/schema.ts'
import type {Injection, Injector, SettingsProblem, Subject} from '../mesh.ts'
import type {PodOverrides} from '../overrides.ts'
import type {Container, Pod, PodSpec, StringMap} from '../pod.ts'
import type {Values} from '../values.ts'
import {istio} from './index.ts'

/** Short ways to say what the tests of this folder are about. */

const objects = {get: () => undefined, namespace: () => undefined}

export function injectorOf(mesh: object = {}): Injector {
  const resolved = istio.resolve(configurationSchema.parse({mesh}), objects)
  if (!resolved.ok) throw new Error(resolved.problems.map(({message}) => message).join('; '))
  return resolved.injector
}

export function withValues(values: Values): Injector {
  return injectorOf({istio: {values}})
}

export function problemsOf(mesh: object): readonly SettingsProblem[] {
  const resolved = istio.resolve(configurationSchema.parse({mesh}), objects)
  return resolved.ok ? [] : resolved.problems
}

export function podOf(annotations: StringMap = {}, spec: Partial<PodSpec> = {}, labels: StringMap = {app: 'web'}): Pod {
  return {
    metadata: {name: 'web', namespace: 'shop', labels, annotations},
    spec: {containers: [{name: 'web', image: 'web:1', resources: {}}], ...spec},
  }
}

export function subjectOf(pod: Pod, overrides: PodOverrides = {}, namespaceLabels: StringMap = {}): Subject {
  return {pod, overrides, objects, namespace: {name: 'shop', labels: namespaceLabels, annotations: {}}}
}

export function injected(injection: Injection): Pod {
  if (injection.outcome !== 'injected') throw new Error(JSON.stringify(injection))
  return injection.pod
}

export function refusal(injection: Injection): string {
  if (injection.outcome !== 'refused') throw new Error('the pod was not refused')
  return injection.message
}

export function containerOf({spec: {containers, initContainers = []}}: Pod, name: string): Container {
  const found = [...initContainers, ...containers].find((container) => container.name === name)
  if (found === undefined) throw new Error(`no container ${name}`)
  return found
}

export function variableOf(pod: Pod, name: string): string | undefined {
  return containerOf(pod, 'istio-proxy').env?.find((variable) => variable.name === name)?.value
}
