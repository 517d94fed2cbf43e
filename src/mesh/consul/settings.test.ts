import {describe, expect, it} from 'vitest'
import {injected, injectorOf, objectsOf, problemsOf, webPod} from './fixture.ts'

const env = (setup: Parameters<typeof injectorOf>[0]) => {
  const init = injected(webPod(), setup).spec.initContainers?.at(-1)
  return new Map(init?.env?.map(({name, value}) => [name, value]))
}

const image = (sidecarImage: string) => injected(webPod(), {mesh: {sidecarImage}}).spec.containers[0]?.image

describe('settings that the chart or the injector would not start with', () => {
  it.each([
    [{global: {secretsBackend: {vault: {enabled: true}}}}, 'secretsBackend.vault.enabled', 'Vault'],
    [{global: {adminPartitions: {enabled: true}}}, 'adminPartitions.enabled', 'enableConsulNamespaces'],
    [{global: {logLevel: 'loud'}}, 'logLevel', '"loud"'],
    [{global: {logJSON: 'yes'}}, 'logJSON', 'boolean'],
    [{global: {tls: {enabled: true}}}, 'tls.enabled', 'Secret consul-consul-ca-cert'],
    [{global: {imageConsulDataplane: ''}}, 'imageConsulDataplane', 'image'],
    [{externalServers: {enabled: true}}, 'hosts', 'hosts must be given'],
    [{connectInject: {enabled: false}, global: {peering: {enabled: true}}}, 'peering.enabled', 'connectInject.enabled'],
    [{connectInject: {consulNamespaces: {consulDestinationNamespace: 'root'}}}, 'Namespace', 'reserved'],
    [{connectInject: {sidecarProxy: {concurrency: -1}}}, 'concurrency', 'worker threads'],
    [{connectInject: {sidecarProxy: {resources: {limits: {cpu: 'x'}}}}}, 'limits.cpu', 'quantity'],
    [{connectInject: {initContainer: {resources: {requests: {cpu: 1}}}}}, 'requests.cpu', 'above the limit'],
    [{connectInject: {metrics: {defaultMergedMetricsPort: 80}}}, 'MergedMetricsPort', '1024'],
    [{connectInject: {envoyExtraArgs: "--a 'b"}}, 'envoyExtraArgs', 'not closed'],
    [{connectInject: {envoyExtraArgs: '--a $(id)'}}, 'envoyExtraArgs', 'shell'],
    [{connectInject: {namespaceSelector: 'a: b'}}, 'namespaceSelector', '"a"'],
    [{connectInject: {namespaceSelector: '{{ x }}'}}, 'namespaceSelector', 'templates'],
  ])('%j', (values, place, reason) => {
    const [problem] = problemsOf({values})
    expect(problem?.path.join('.')).toMatch(new RegExp(`^mesh\\.consul\\.values\\..*${place}$`))
    expect(problem?.message).toContain(reason)
  })

  it('name the neutral key where the user wrote that', () => {
    const mesh = {sidecar: {resources: {requests: {cpu: '2'}, limits: {cpu: '1'}}}}
    expect(problemsOf({mesh})[0]?.path.join('.')).toBe('mesh.sidecar.resources.requests.cpu')
  })
})

describe('the way to the servers', () => {
  it('follows the name of the release', () => {
    expect(env({}).get('CONSUL_ADDRESSES')).toBe('consul-consul-server.consul.svc')
    expect(env({values: {global: {name: 'mesh'}}}).get('CONSUL_ADDRESSES')).toBe('mesh-server.consul.svc')
    expect(env({values: {fullnameOverride: `${'x'.repeat(62)}-y`}}).get('CONSUL_ADDRESSES')).toMatch(/^x{62}-server/)
  })

  it('leads to external servers, the first host only', () => {
    const found = env({values: {externalServers: {enabled: true, hosts: ['a', 'b'], grpcPort: 9502}}})
    expect(found.get('CONSUL_ADDRESSES')).toBe('a')
    expect(found.get('CONSUL_GRPC_PORT')).toBe('9502')
    expect(found.get('CONSUL_HTTP_PORT')).toBe('8501')
  })

  it('is secured with the certificate of the Secret, plain or in base64', () => {
    const metadata = {name: 'consul-consul-ca-cert', namespace: 'consul'}
    for (const secret of [{stringData: {'tls.crt': 'PEM ž'}}, {data: {'tls.crt': 'UEVNIMW+'}}]) {
      const objects = objectsOf({kind: 'Secret', metadata, ...secret})
      const found = env({values: {global: {tls: {enabled: true}}}, objects})
      expect(found.get('CONSUL_CACERT_PEM')).toBe('PEM ž')
      expect(found.get('CONSUL_HTTP_PORT')).toBe('8501')
    }
  })

  it('is what the neutral control plane says', () => {
    const found = env({mesh: {controlPlane: {address: 'consul.example', port: 8510}}})
    expect(found.get('CONSUL_ADDRESSES')).toBe('consul.example')
    expect(found.get('CONSUL_HTTP_PORT')).toBe('8510')
    expect(found.get('CONSUL_GRPC_PORT')).toBe('8502')
  })
})

describe('neutral keys', () => {
  it('lay a copy of the dataplane in the place of the image, and leave a plain Envoy out with a finding', () => {
    expect(image('mirror.example/dataplane:2')).toBe('mirror.example/dataplane:2')
    expect(image('envoyproxy/envoy:v1.25.0')).toBe('hashicorp/consul-dataplane:2.0.3')
    const {findings} = injectorOf({mesh: {sidecarImage: 'registry:5000/envoy@sha256:aa'}})
    expect(findings).toMatchObject([{kind: 'replaced', key: 'mesh.sidecarImage'}])
  })

  it('switch metrics, and merge resources key by key over the values', () => {
    const values = {connectInject: {sidecarProxy: {resources: {limits: {memory: '1Gi'}}}}}
    const mesh = {telemetry: {enabled: true}, sidecar: {resources: {limits: {cpu: '500m'}}}}
    const pod = injected(webPod(), {values, mesh})
    expect(pod.metadata.annotations?.['prometheus.io/port']).toBe('20200')
    expect(pod.spec.containers[0]?.resources).toEqual({limits: {cpu: '500m', memory: '1Gi'}})
  })

  it('without meaning here are findings that fit into a warning', () => {
    const proxy = {config: {statNameLength: 189, enableProfiling: false, accessLogFile: '/dev/stdout'}}
    const mesh = {sidecarImage: 'envoy', sidecar: {proxy}, telemetry: {metrics: ['request_count']}}
    const {findings} = injectorOf({mesh, dns: false})
    expect(findings.map(({key}) => key)).toEqual([
      'mesh.sidecarImage',
      'mesh.sidecar.proxy.config.statNameLength',
      'mesh.sidecar.proxy.config.enableProfiling',
      'mesh.telemetry.metrics',
      'mesh.consul.clusterDNS',
    ])
    for (const {key, message} of findings) expect(`MW3002 ${key}: ${message}`.length).toBeLessThanOrEqual(120)
  })
})
