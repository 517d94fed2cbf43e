import {describe, expect, it} from 'vitest'
import {injected, objectsOf, webPod} from './fixture.ts'
import {consul} from './index.ts'

describe('a pod without its sidecar', () => {
  it.each([
    ['a plain pod', webPod({}, {dnsPolicy: 'ClusterFirst', volumes: [{name: 'data', emptyDir: {}}]})],
    [
      'annotations that add to it',
      webPod({
        'connect-service-upstreams': 'db:5432',
        'connect-inject-mount-volume': 'web',
        'enable-metrics': 'true',
        'consul-sidecar-user-volume': '[{"name":"certs","emptyDir":{}}]',
        'connect-service-port': '8080',
        'dual-stack': 'mine',
      }),
    ],
    ['several services', webPod({'connect-service': 'web,admin', 'transparent-proxy': 'false'})],
    ['a native sidecar', webPod({'enable-consul-dataplane-as-sidecar': 'true'}, {initContainers: [{name: 'migrate'}]})],
  ])('is the pod that it was: %s', (_, pod) => {
    expect(consul.uninject(injected(pod))).toEqual(pod)
  })

  it('has no access log either', () => {
    const metadata = {name: 'global', namespace: 'consul'}
    const logs = {kind: 'ProxyDefaults', metadata, spec: {accessLogs: {enabled: true, type: 'file', path: '/log/a'}}}
    const pod = webPod()
    expect(consul.uninject(injected(pod, {objects: objectsOf(logs)}))).toEqual(pod)
  })

  it('is the very same object where there is none', () => {
    const pod = webPod()
    expect(consul.uninject(pod)).toBe(pod)
  })

  it('is made even where the original pod is not known', () => {
    const pod = injected(webPod())
    const annotations = {...pod.metadata.annotations, 'consul.hashicorp.com/original-pod': '{'}
    const bare = consul.uninject({...pod, metadata: {...pod.metadata, annotations}})
    expect(bare.spec.containers.map(({name}) => name)).toEqual(['web'])
    expect(bare.spec.initContainers).toBeUndefined()
    expect(bare.spec.volumes).toBeUndefined()
    expect(bare.metadata.labels).toBeUndefined()
  })
})
