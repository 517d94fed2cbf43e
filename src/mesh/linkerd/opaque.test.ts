import {describe, expect, test} from 'vitest'
import type {KubeObject, ServicePort} from '../pod.ts'
import {injectorOf, podOf, subjectOf} from './testing.ts'

const injector = injectorOf()
const key = 'config.linkerd.io/opaque-ports'
const {namespace} = subjectOf(podOf())

function service(ports: readonly ServicePort[], annotations?: Record<string, string>): KubeObject {
  return {kind: 'Service', metadata: {name: 'db', ...(annotations && {annotations})}, spec: {ports}}
}

function written(object: KubeObject, annotations: Record<string, string> = {}): string | undefined {
  return injector.annotate(object, {...namespace, annotations}).metadata?.annotations?.[key]
}

describe('a Service', () => {
  test.each<[string, ServicePort[], string | undefined]>([
    [
      'names the ports whose target is opaque',
      [
        {port: 80, targetPort: 3306},
        {port: 5432, targetPort: 8080},
      ],
      '80',
    ],
    ['takes the port for its target where there is none', [{port: 3306}, {port: 5432, targetPort: 0}], '3306,5432'],
    [
      'does not resolve names or texts',
      [
        {port: 3306, targetPort: 'db'},
        {port: 3306, targetPort: '3306'},
      ],
      undefined,
    ],
    ['has no ports', [], undefined],
  ])('%s', (_, ports, expected) => {
    expect(written(service(ports))).toBe(expected)
  })

  test('inherits its namespace’s annotation, an empty one too', () => {
    expect(written(service([]), {[key]: '8080'})).toBe('8080')
    expect(written(service([{port: 3306}]), {[key]: ''})).toBe('')
  })

  test('keeps its own', () => {
    const own = service([{port: 3306}], {[key]: ''})
    expect(injector.annotate(own, namespace)).toBe(own)
  })

  test('is left alone where the webhook would not see it', () => {
    const object = service([{port: 3306}])
    const labels = {'kubernetes.io/metadata.name': 'kube-system'}
    expect(injector.annotate(object, {...namespace, labels})).toBe(object)
  })
})

describe('a pod without a sidecar', () => {
  test('names its own ports that are opaque by default', () => {
    expect(written(podOf({}, {containers: [{name: 'db', ports: [{containerPort: 3306}]}]}))).toBe('3306')
  })

  test('is the same object where there is nothing to write', () => {
    const pod = podOf()
    expect(injector.annotate(pod, namespace)).toBe(pod)
  })

  test.each([
    ['80&81', '80&amp;81'],
    ['a\\nb', 'a\nb'],
    ['a\\b\\', 'a\\b\\'],
  ])('inherits %j as Linkerd writes it, %j', (text, expected) => {
    expect(written(podOf(), {[key]: text})).toBe(expected)
  })
})
