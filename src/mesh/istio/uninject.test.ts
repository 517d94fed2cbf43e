import {describe, expect, test} from 'vitest'
import type {Pod} from '../pod.ts'
import {keys} from './annotations.ts'
import {istio} from './index.ts'
import {injected, injectorOf, podOf, subjectOf, withValues} from './testing.ts'

const rich: Pod = podOf(
  {'prometheus.io/port': '8080', 'prometheus.io/scrape': 'true', note: 'kept'},
  {
    initContainers: [{name: 'migrate', image: 'm:1'}],
    containers: [
      {
        name: 'web',
        image: 'web:1',
        readinessProbe: {httpGet: {path: '/ready', port: 8080}, periodSeconds: 5},
        livenessProbe: {grpc: {port: 9090}},
        lifecycle: {preStop: {httpGet: {path: '/stop', port: 8080}}},
      },
    ],
    volumes: [{name: 'data', emptyDir: {}}],
    imagePullSecrets: [{name: 'mine'}],
  },
)

describe('taking the sidecar out', () => {
  test.each(['true', 'false'])('gives the pod back, native %s', (native) => {
    const values = {pilot: {env: {ENABLE_NATIVE_SIDECARS: native}}, global: {imagePullSecrets: ['registry']}}
    const pod = injected(withValues(values).inject(subjectOf(rich)))
    const back = istio.uninject(pod)
    expect(back.spec.containers[0]?.livenessProbe).toEqual({grpc: {port: 9090, service: null}})
    const [web] = rich.spec.containers
    expect({
      ...back,
      spec: {...back.spec, containers: [{...back.spec.containers[0], livenessProbe: web?.livenessProbe}]},
    }).toEqual(rich)
  })

  test('leaves a pod without one as it is', () => {
    expect(istio.uninject(rich)).toBe(rich)
  })

  test('leaves a gateway as it is, for it has nothing else', () => {
    const gateway = podOf({[keys.templates]: 'gateway'}, {containers: [{name: 'istio-proxy', image: 'auto'}]})
    const pod = injected(injectorOf().inject(subjectOf(gateway)))
    expect(istio.uninject(pod)).toBe(pod)
  })

  test('takes no volume that the application mounts on a tenant’s word', () => {
    const pod = injected(injectorOf().inject(subjectOf(podOf({}, {volumes: [{name: 'data'}]}))))
    const [web] = pod.spec.containers
    const forged: Pod = {
      ...pod,
      metadata: {...pod.metadata, annotations: {...pod.metadata.annotations, [keys.status]: '{"volumes":["data"]}'}},
      spec: {...pod.spec, containers: [{name: 'web', ...web, volumeMounts: [{name: 'data', mountPath: '/data'}]}]},
    }
    expect(istio.uninject(forged).spec.volumes).toEqual([{name: 'data'}])
  })
})

test('a sidecar is known by what its container runs, never by an annotation', () => {
  const injector = injectorOf()
  expect(injector.carries(injected(injector.inject(subjectOf(rich))))).toBe(true)
  expect(injector.carries(podOf({[keys.status]: '{"containers":["istio-proxy"]}'}))).toBe(false)
  expect(injector.carries(podOf({}, {containers: [{name: 'istio-proxy', image: 'auto'}]}))).toBe(false)
})
