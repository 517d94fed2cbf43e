import {assert, constantFrom, dictionary, json, oneof, property, string} from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {Pod} from '../pod.ts'
import {injected, injectorOf, objectsOf, refusal, shop, subjectOf, webPod} from './fixture.ts'
import {keyPrefix} from './keys.ts'

const names = (pod: Pod) => pod.spec.containers.map(({name}) => name)
const initNames = (pod: Pod) => pod.spec.initContainers?.map(({name}) => name)
const annotation = (pod: Pod, key: string) => pod.metadata.annotations?.[`${keyPrefix}${key}`]
const args = (pod: Pod) => pod.spec.containers.find(({name}) => name === 'consul-dataplane')?.args ?? []
const redirect = (pod: Pod): unknown => {
  const env = pod.spec.initContainers?.at(-1)?.env ?? []
  return JSON.parse(env.find(({name}) => name === 'CONSUL_REDIRECT_TRAFFIC_CONFIG')?.value ?? '{}')
}

describe('the place of the sidecar', () => {
  it('is before the application where its lifecycle is managed', () => {
    expect(names(injected(webPod()))).toEqual(['consul-dataplane', 'web'])
  })

  it('is behind the application where it is not', () => {
    expect(names(injected(webPod({'enable-sidecar-proxy-lifecycle': 'false'})))).toEqual(['web', 'consul-dataplane'])
  })

  it('is among the init containers where it is native, behind the one that registers the pod', () => {
    const pod = injected(webPod({'enable-consul-dataplane-as-sidecar': 'true'}))
    expect(names(pod)).toEqual(['web'])
    expect(initNames(pod)).toEqual(['consul-connect-inject-init', 'consul-dataplane'])
    expect(pod.spec.initContainers?.at(-1)).toMatchObject({restartPolicy: 'Always'})
  })

  it('is beside its own init container where a pod registers several services', () => {
    const off = {'transparent-proxy': 'false', 'connect-service': 'web,admin'}
    expect(names(injected(webPod(off)))).toEqual(['consul-dataplane-web', 'consul-dataplane-admin', 'web'])
    expect(initNames(injected(webPod({...off, 'enable-consul-dataplane-as-sidecar': 'true'})))).toEqual([
      'consul-connect-inject-init-web',
      'consul-dataplane-web',
      'consul-connect-inject-init-admin',
      'consul-dataplane-admin',
    ])
  })
})

describe('the pod that goes in', () => {
  it('stays as it is, and what the mesh does not touch is shared with the pod that comes out', () => {
    const pod = webPod({}, {volumes: [{name: 'data', emptyDir: {}}], tolerations: [{operator: 'Exists'}]})
    const before = structuredClone(pod)
    const after = injected(pod, {values: {connectInject: {transparentProxy: {defaultEnabled: false}}}})
    expect(pod).toEqual(before)
    expect(after.spec.containers.at(-1)).toBe(pod.spec.containers[0])
    expect(after.spec.volumes?.[0]).toBe(pod.spec.volumes?.[0])
    expect(after.spec['tolerations']).toBe(pod.spec['tolerations'])
  })

  it('is kept in an annotation as Go prints it', () => {
    const pod: Pod = {...webPod(), spec: {containers: [{name: 'web', unknown: 1, resources: {limits: {cpu: '1000m'}}}]}}
    expect(annotation(injected(pod), 'original-pod')).toBe(
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1"},' +
        '"spec":{"containers":[{"name":"web","resources":{"limits":{"cpu":"1"}}}]},"status":{}}',
    )
  })
})

describe('traffic interception', () => {
  it('leaves out the listeners of the probes and what the pod lists', () => {
    const pod = injected(webPod({'transparent-proxy-exclude-inbound-ports': '22,80'}))
    expect(redirect(pod)).toMatchObject({ExcludeInboundPorts: ['20400', '22', '80'], ExcludeOutboundPorts: null})
    expect(pod.spec.containers[1]?.readinessProbe).toEqual({httpGet: {path: '/healthz', port: 20400}})
  })

  it('is the task of the CNI plugin where that runs', () => {
    const pod = injected(webPod(), {values: {connectInject: {cni: {enabled: true}}}})
    expect(redirect(pod)).toEqual({})
    expect(annotation(pod, 'redirect-traffic-config')).toContain('"ProxyUserID":"5995"')
    expect(pod.spec.initContainers?.[0]?.securityContext).toMatchObject({runAsUser: 5996, privileged: false})
  })

  it('can be switched off by the namespace, and on again by the pod', () => {
    const namespace = {...shop, labels: {...shop.labels, [`${keyPrefix}transparent-proxy`]: 'false'}}
    expect(redirect(injected(webPod(), {}, {namespace}))).toEqual({})
    expect(redirect(injected(webPod({'transparent-proxy': 'true'}), {}, {namespace}))).not.toEqual({})
  })

  it('excludes by the override instead of the annotation', () => {
    const pod = webPod({'transparent-proxy-exclude-outbound-ports': '1,2'})
    expect(redirect(injected(pod, {}, {overrides: {excludeOutboundPorts: [3306]}}))).toMatchObject({
      ExcludeOutboundPorts: ['3306'],
    })
  })
})

describe('DNS', () => {
  it('goes to the sidecar first, then to the cluster, in the namespace of the pod', () => {
    const {dnsPolicy, dnsConfig} = injected(webPod()).spec
    expect(dnsPolicy).toBe('None')
    expect(dnsConfig).toEqual({
      nameservers: ['127.0.0.1', '10.96.0.10'],
      searches: ['shop.svc.cluster.local', 'cluster.local'],
      options: [{name: 'ndots', value: '5'}],
    })
  })

  it('is left alone, with a finding, where the cluster has none to fall back on', () => {
    const injector = injectorOf({dns: false})
    expect(injector.findings).toMatchObject([{kind: 'approximated', key: 'mesh.consul.clusterDNS'}])
    const pod = injected(webPod(), {dns: false})
    expect(pod.spec.dnsConfig).toBeUndefined()
    expect(args(pod).some((arg) => arg.startsWith('-consul-dns-bind-port'))).toBe(false)
  })

  it('is refused beside a dnsConfig of the pod', () => {
    expect(refusal(webPod({}, {dnsConfig: {}}))).toContain('spec.dnsConfig')
  })
})

describe('overrides', () => {
  it('win over the annotation for the same thing, key by key', () => {
    const pod = webPod({'sidecar-proxy-cpu-request': '50m', 'consul-envoy-proxy-concurrency': '4'})
    const resources = {requests: {cpu: '10m', memory: '64Mi'}, limits: {memory: '128Mi'}}
    const values = {connectInject: {sidecarProxy: {resources}}}
    const overrides = {proxyCpuRequest: '20m', concurrency: 8, logLevel: 'warning'} as const
    const after = injected(pod, {values}, {overrides})
    expect(after.spec.containers[0]?.resources).toEqual({
      requests: {cpu: '20m', memory: '64Mi'},
      limits: {memory: '128Mi'},
    })
    expect(args(after)).toContain('-envoy-concurrency=8')
    expect(args(after)).toContain('-log-level=warn')
  })

  it('that Consul cannot follow for one pod are findings', () => {
    const subject = subjectOf(webPod(), {overrides: {accessLog: true, samplingRate: 0.5, holdUntilReady: true}})
    expect(injectorOf().inject(subject)).toMatchObject({
      findings: [
        {kind: 'ignored', key: 'meshwright.dev/access-log'},
        {kind: 'ignored', key: 'meshwright.dev/sampling-rate'},
        {kind: 'ignored', key: 'meshwright.dev/hold-until-ready'},
      ],
    })
  })
})

describe('a pod is refused with a sentence', () => {
  it.each([
    [{'enable-metrics': 'maybe'}, 'consul.hashicorp.com/enable-metrics is "maybe"'],
    [{'transparent-proxy': ''}, 'consul.hashicorp.com/transparent-proxy is ""'],
    [{'sidecar-proxy-cpu-limit': 'lots'}, 'consul.hashicorp.com/sidecar-proxy-cpu-limit is "lots"'],
    [{'sidecar-proxy-cpu-limit': '-1'}, 'not a quantity'],
    [{'sidecar-proxy-cpu-limit': '1', 'sidecar-proxy-cpu-request': '2'}, 'above its limit 1'],
    [{'consul-envoy-proxy-concurrency': '+4'}, 'not a whole number'],
    [{'sidecar-proxy-lifecycle-graceful-port': '80'}, 'from 1024 to 65535'],
    [{'service-metrics-port': 'nosuch'}, 'neither the name of a port'],
    [{'connect-service-port': 'nosuch'}, '"nosuch" is not a port of the pod'],
    [{'envoy-extra-args': '--a "b'}, 'a quote is not closed'],
    [{'consul-sidecar-user-volume': '{}'}, 'not a JSON list'],
    [{'connect-service': 'a,b'}, 'transparent proxy is on'],
    [{'connect-service': 'a,$(id)', 'transparent-proxy': 'false'}, 'in a shell'],
    [{'connect-service': 'a,a', 'transparent-proxy': 'false'}, 'two containers named "consul-dataplane-a"'],
    [{'connect-service': 'a,'.repeat(1000), 'transparent-proxy': 'false'}, '100 are the most'],
    [
      {'connect-service': 'a,b,c,d,e', 'transparent-proxy': 'false', 'envoy-extra-args': 'a '.repeat(125_000)},
      'together',
    ],
    [{'connect-service-upstreams': 'a:1,'.repeat(30_000)}, 'more than 20000'],
  ])('%j', (annotations, sentence) => {
    expect(refusal(webPod(annotations))).toContain(sentence)
  })

  it('where it is larger than the annotation that would hold it', () => {
    const container = {name: 'app', image: 'app:1', args: ['x'.repeat(300_000)]}
    expect(refusal(webPod({}, {containers: [container]}))).toContain('consul.hashicorp.com/original-pod')
  })

  it('where a container or a volume has a name that the mesh needs', () => {
    expect(refusal(webPod({}, {initContainers: [{name: 'consul-dataplane', image: 'x'}]}))).toContain('two containers')
    expect(refusal(webPod({}, {volumes: [{name: 'consul-connect-inject-data'}]}))).toContain('two volumes')
  })

  it("where a container runs as the sidecar's user", () => {
    expect(refusal(webPod({}, {securityContext: {runAsUser: 5995}}))).toContain('spec.securityContext.runAsUser')
  })

  it('where there are ACLs and no token to log in with', () => {
    expect(refusal(webPod(), {values: {global: {acls: {manageSystemACLs: true}}}})).toContain('service account token')
  })
})

describe('a service of several with ACLs', () => {
  const values = {connectInject: {overrideAuthMethodName: 'k8s', transparentProxy: {defaultEnabled: false}}}
  it('logs in with the first Secret of its account', () => {
    const objects = objectsOf(account('web'), account('admin', [{name: 'admin-token'}]))
    const pod = webPod({'connect-service': 'web,admin'}, {serviceAccountName: 'web'})
    const mount = {name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount'}
    const mounting = {...pod, spec: {...pod.spec, containers: [{name: 'web', volumeMounts: [mount]}]}}
    const after = injected(mounting, {values, objects})
    expect(after.spec.volumes?.at(-1)).toEqual({name: 'admin-service-account', secret: {secretName: 'admin-token'}})
    expect(after.spec.containers[0]?.volumeMounts?.[1]).toEqual(mount)
    expect(after.spec.containers[1]?.args).toContain('-login-bearer-token-path=/consul/serviceaccount-admin/token')
  })

  it('is refused without an account or a Secret', () => {
    const pod = webPod({'connect-service': 'web,admin'})
    expect(refusal(pod, {values})).toContain('needs a ServiceAccount')
    expect(refusal(pod, {values}, {objects: objectsOf(account('web'), account('admin'))})).toContain('has no Secret')
  })
})

describe('an injected pod', () => {
  it('is left alone by the mesh and by the injector', () => {
    const pod = injected(webPod())
    const injector = injectorOf()
    expect(injector.native(subjectOf(pod))).toMatchObject({inject: false, speaker: 'pod', code: 'MW1115'})
    expect(injector.carries(pod)).toBe(true)
    expect(injector.inject(subjectOf(pod))).toMatchObject({outcome: 'skipped', code: 'MW1115'})
  })

  it('is known by its containers, never by a marker', () => {
    const marked = webPod({'connect-inject-status': 'injected'})
    expect(injectorOf().carries(marked)).toBe(false)
    expect(injectorOf().carries(webPod({}, {containers: [{name: 'consul-dataplane', image: 'nginx'}]}))).toBe(false)
  })
})

describe('hostile annotations', () => {
  const keys =
    `transparent-proxy consul-dns enable-metrics enable-metrics-merging use-proxy-health-check connect-service
    connect-service-port connect-service-upstreams connect-inject-mount-volume sidecar-proxy-cpu-limit
    sidecar-proxy-memory-request consul-envoy-proxy-concurrency envoy-extra-args consul-sidecar-user-volume
    consul-sidecar-user-volume-mount sidecar-proxy-startup-failure-seconds transparent-proxy-exclude-inbound-ports
    prometheus-scrape-port service-metrics-path __proto__`.split(/\s+/)
  const value = oneof(
    string({unit: 'binary'}),
    json(),
    constantFrom('true', 'false', 'a,b', '80', 'http', '"', '[{"__proto__":{"x":1}}]', '[{"name":"a"}]'),
  )
  const setups = [
    {},
    {values: {connectInject: {transparentProxy: {defaultEnabled: false}, cni: {enabled: true}}}},
    {values: {global: {acls: {manageSystemACLs: true}, enableConsulNamespaces: true}}},
  ]
  const injectors = setups.map((setup) => injectorOf(setup))

  it('never throw, never change the pod that came in, and leave prototypes alone', () => {
    assert(
      property(dictionary(constantFrom(...keys), value), constantFrom(...injectors), (written, injector) => {
        const pod = webPod(written)
        const before = JSON.stringify(pod)
        const injection = injector.inject(subjectOf(pod))
        injector.native(subjectOf(pod))
        injector.evasions(subjectOf(pod))
        expect(['injected', 'refused']).toContain(injection.outcome)
        expect(JSON.stringify(pod)).toBe(before)
        expect(Object.keys(Object.prototype)).toEqual([])
        if (injection.outcome === 'refused') expect(injection.message).not.toMatch(/\p{Cc}/u)
      }),
      {numRuns: 500},
    )
  })
})

function account(name: string, secrets?: unknown) {
  const metadata = {name, namespace: 'shop'}
  return {kind: 'ServiceAccount', metadata, ...(secrets !== undefined && {secrets})}
}
