import {describe, expect, test} from 'vitest'
import {
  accessPartOf,
  accountOf,
  factsOf,
  intentOf,
  namespacePeer,
  object,
  objects,
  originOf,
  partOf,
  peerOf,
  podOf,
  ruleOf,
  told,
  translatorOf,
  unknownIntentOf,
} from './testing.ts'

const mutualTLS = (value: boolean) => ({value, origin: originOf('mesh.security.mutualTLS', 'MeshConfig')})
const server = (spec: object) => ({
  mode: 'own',
  object: {
    apiVersion: 'policy.linkerd.io/v1beta3',
    kind: 'Server',
    metadata: {name: 'order-service.80', namespace: 'shop'},
    spec: {podSelector: {matchLabels: {app: 'order-service'}}, port: 8080, proxyProtocol: 'unknown', ...spec},
  },
})

describe('mutual TLS', () => {
  test('is asked of every port of the pods', () => {
    const part = partOf('access', intentOf({mutualTLS: mutualTLS(true)}))
    expect(part.objects).toEqual([server({accessPolicy: 'all-authenticated'})])
    expect(told(part)).toEqual([])
  })

  test('is not asked twice of a port that two Services lead to', () => {
    const ports = [
      {port: 80, targetPort: 'web', protocol: 'TCP'},
      {port: 81, targetPort: 8080, protocol: 'TCP'},
      {port: 82, targetPort: 9090, protocol: 'TCP'},
    ]
    const own = objects(partOf('access', intentOf({mutualTLS: mutualTLS(true), facts: factsOf({ports})})), 'Server')
    expect(own.map(({metadata}) => metadata?.name)).toEqual(['order-service.80', 'order-service.82'])
    const twin = (name: string, guarded: 'access' | 'mutual-tls') =>
      factsOf({neighbours: [{name, selector: {app: 'order-service'}, ports, guarded}]})
    const left = (name: string, guarded: 'access' | 'mutual-tls') =>
      partOf('access', intentOf({mutualTLS: mutualTLS(true), facts: twin(name, guarded)})).objects.length
    expect([left('another', 'mutual-tls'), left('z', 'mutual-tls'), left('z', 'access')]).toEqual([0, 1, 0])
  })

  test("leaves a generated Service's pods to the Service that it was made for", () => {
    const facts = factsOf({annotations: {'meshwright.dev/version': 'v1'}})
    expect(translatorOf().service(intentOf({mutualTLS: mutualTLS(true), facts}))).toEqual([])
  })

  test('cannot be switched off', () => {
    const parts = translatorOf().service(intentOf({mutualTLS: mutualTLS(false)}))
    expect(parts.map((part) => [part.name, part.objects, told(part)])).toEqual([
      ['plaintext', [], ['refused MW6230 plaintext']],
    ])
  })

  test('asks nothing of a Service without pods', () => {
    const part = partOf('access', intentOf({mutualTLS: mutualTLS(true), facts: factsOf({selector: {}})}))
    expect(told(part)).toEqual(['ignored MW6237 mutual-tls'])
  })
})

describe('ALLOW', () => {
  test('turns everybody away but the ServiceAccount of the service named', () => {
    const part = accessPartOf([ruleOf()], {mutualTLS: mutualTLS(true)})
    expect(part.objects).toEqual([
      {
        mode: 'own',
        object: {
          apiVersion: 'policy.linkerd.io/v1alpha1',
          kind: 'MeshTLSAuthentication',
          metadata: {name: 'order-service.callers', namespace: 'shop'},
          spec: {identityRefs: [{kind: 'ServiceAccount', name: 'user-service', namespace: 'shop'}]},
        },
      },
      {
        mode: 'own',
        object: {
          apiVersion: 'policy.linkerd.io/v1alpha1',
          kind: 'AuthorizationPolicy',
          metadata: {name: 'order-service.80', namespace: 'shop'},
          spec: {
            targetRef: {group: 'policy.linkerd.io', kind: 'Server', name: 'order-service.80'},
            requiredAuthenticationRefs: [
              {group: 'policy.linkerd.io', kind: 'MeshTLSAuthentication', name: 'order-service.callers'},
            ],
          },
        },
      },
      server({accessPolicy: 'deny'}),
    ])
    expect(told(part)).toEqual([])
  })

  test('of a namespace refers to it, so that no trust domain need be known', () => {
    const part = accessPartOf([ruleOf({from: [namespacePeer('billing'), peerOf('user-service')]})])
    expect(object(part, 'MeshTLSAuthentication')['spec']).toEqual({
      identityRefs: [
        {kind: 'Namespace', name: 'billing'},
        {kind: 'ServiceAccount', name: 'user-service', namespace: 'shop'},
      ],
    })
  })

  test('of everybody needs no identity, or with mutual TLS any', () => {
    const everybody = [ruleOf({from: []})]
    expect(object(accessPartOf(everybody), 'AuthorizationPolicy')['spec']).toMatchObject({
      requiredAuthenticationRefs: [],
    })
    const meshed = accessPartOf(everybody, {mutualTLS: mutualTLS(true)})
    expect(object(meshed, 'MeshTLSAuthentication')['spec']).toEqual({identities: ['*']})
  })

  test('of several rules makes one answer', () => {
    const rules = [ruleOf(), ruleOf({from: [peerOf('cart-service')]})]
    const part = accessPartOf(rules)
    expect(objects(part, 'AuthorizationPolicy')).toHaveLength(1)
    expect(object(part, 'MeshTLSAuthentication')['spec']).toMatchObject({
      identityRefs: [{name: 'cart-service'}, {name: 'user-service'}],
    })
  })

  test('is refused where another service shares the account, unless it may call as well', () => {
    const other = {namespace: 'shop', name: 'report-service'}
    const shared = peerOf('user-service', [accountOf('common', 'shop', [other])])
    expect(told(accessPartOf([ruleOf({from: [shared]})]))).toEqual(['refused MW6231 allow-service'])
    const both = [
      shared,
      peerOf('report-service', [accountOf('common', 'shop', [{namespace: 'shop', name: 'user-service'}])]),
    ]
    expect(told(accessPartOf([ruleOf({from: both})]))).toEqual([])
  })

  test('is refused where nobody knows the account', () => {
    const {kind, service, origin} = {
      ...peerOf('user-service'),
      kind: 'service' as const,
      service: {namespace: 'shop', name: 'u'},
    }
    expect(told(accessPartOf([ruleOf({from: [{kind, service, origin}]})]))).toEqual(['refused MW6232 allow-service'])
    expect(told(accessPartOf([ruleOf({from: [{kind, service, origin, accounts: []}]})]))).toEqual([
      'refused MW6232 allow-service',
    ])
    expect(told(partOf('access', unknownIntentOf({access: {rules: [ruleOf()]}})))).toEqual([
      'refused MW6208 allow-service',
    ])
  })

  test('is refused where another Service over the same pods has rules', () => {
    const ports = [{port: 8080, targetPort: 'web', protocol: 'TCP'}]
    const facts = factsOf({neighbours: [{name: 'orders', selector: {app: 'order-service'}, ports, guarded: 'access'}]})
    expect(told(accessPartOf([ruleOf()], {facts}))).toEqual(['refused MW6236 allow-service'])
  })

  test('holds for plain TCP and for opaque ports', () => {
    const protocolOf = (intent: object) =>
      (object(accessPartOf([ruleOf()], intent), 'Server')['spec'] as {proxyProtocol: string}).proxyProtocol
    expect(protocolOf({protocol: 'tcp'})).toBe('opaque')
    expect(
      protocolOf({facts: factsOf({pods: [podOf({annotations: {'config.linkerd.io/opaque-ports': '8080'}})]})}),
    ).toBe('opaque')
    const port = {port: 80, targetPort: 8080, protocol: 'TCP'}
    expect(protocolOf({facts: factsOf({ports: [{...port, appProtocol: 'http'}]})})).toBe('HTTP/1')
    expect(protocolOf({facts: factsOf({ports: [{...port, appProtocol: 'kubernetes.io/h2c'}]})})).toBe('HTTP/2')
  })
})

describe('ALLOW by method and path', () => {
  const rule = ruleOf({methods: ['POST'], paths: ['/orders*']})

  test('is routes of the Server that hold every request, each with who may make it', () => {
    const part = accessPartOf([rule])
    expect(objects(part, 'HTTPRoute').map((route) => [route.apiVersion, route.metadata?.name, route['spec']])).toEqual([
      [
        'policy.linkerd.io/v1beta3',
        'order-service.80.1',
        {
          parentRefs: [{group: 'policy.linkerd.io', kind: 'Server', name: 'order-service.80'}],
          rules: [
            {
              matches: [
                {path: {type: 'PathPrefix', value: '/'}},
                {path: {type: 'RegularExpression', value: '^/orders.*$'}},
              ],
            },
          ],
        },
      ],
      [
        'policy.linkerd.io/v1beta3',
        'order-service.80.2',
        {
          parentRefs: [{group: 'policy.linkerd.io', kind: 'Server', name: 'order-service.80'}],
          rules: [{matches: [{path: {type: 'RegularExpression', value: '^/orders.*$'}, method: 'POST'}]}],
        },
      ],
    ])
    expect(object(part, 'AuthorizationPolicy')['spec']).toMatchObject({
      targetRef: {group: 'policy.linkerd.io', kind: 'HTTPRoute', name: 'order-service.80.2'},
    })
  })

  test('lets the probes of the kubelet in, from the networks of the install', () => {
    const facts = factsOf({
      pods: [
        podOf({
          probes: [
            {path: '/healthz', port: 8080},
            {path: '/other', port: 9999},
          ],
        }),
      ],
    })
    const part = accessPartOf(
      [ruleOf({methods: ['POST']})],
      {facts},
      {linkerd: {values: {policyController: {probeNetworks: ['10.0.0.0/8']}}}},
    )
    expect(object(part, 'NetworkAuthentication')).toMatchObject({
      metadata: {name: 'order-service.probes'},
      spec: {networks: [{cidr: '10.0.0.0/8'}]},
    })
    const probe = objects(part, 'AuthorizationPolicy').find(({metadata}) => metadata?.name?.endsWith('.probes'))
    const target = objects(part, 'HTTPRoute').find(({metadata}) => `${metadata?.name}.probes` === probe?.metadata?.name)
    expect(target?.['spec']).toMatchObject({
      rules: [{matches: [{path: {type: 'Exact', value: '/healthz'}, method: 'GET'}]}],
    })
    expect(told(part)).toEqual([])
  })

  test('says so where the probes are not known', () => {
    const {probes: _, ...pod} = podOf()
    expect(told(accessPartOf([rule], {facts: factsOf({pods: [pod]})}))).toEqual(['approximated MW6235 access-method'])
  })

  test('is refused where Linkerd sees no requests', () => {
    expect(told(accessPartOf([rule], {protocol: 'tcp'}))).toEqual(['refused MW6234 access-method'])
    const ports = [{port: 80, targetPort: 8080, protocol: 'TCP', appProtocol: 'https'}]
    expect(told(accessPartOf([ruleOf({paths: ['/a']})], {facts: factsOf({ports})}))).toEqual([
      'refused MW6234 access-path',
    ])
  })
})

test('the root path is told from all others by expressions that do not meet', () => {
  const part = accessPartOf([ruleOf({paths: ['/']})])
  expect(objects(part, 'HTTPRoute').map((route) => route['spec'])).toMatchObject([
    {rules: [{matches: [{path: {type: 'RegularExpression', value: '^(?:[^/].*|/.+|)$'}}]}]},
    {rules: [{matches: [{path: {type: 'Exact', value: '/'}}]}]},
  ])
})

describe('DENY', () => {
  const deny = ruleOf({action: 'DENY'})

  test('of somebody among everybody is refused, and so is one of a namespace', () => {
    expect(told(accessPartOf([deny]))).toEqual(['refused MW6233 deny'])
    expect(told(accessPartOf([ruleOf({from: [namespacePeer('shop')]}), deny]))).toEqual(['refused MW6233 deny'])
  })

  test('leaves out of a list whom it names', () => {
    const part = accessPartOf([ruleOf({from: [peerOf('user-service'), peerOf('cart-service')]}), deny])
    expect(object(part, 'MeshTLSAuthentication')['spec']).toEqual({
      identityRefs: [{kind: 'ServiceAccount', name: 'cart-service', namespace: 'shop'}],
    })
  })

  test('of everybody is a Server that lets nobody in', () => {
    const part = accessPartOf([ruleOf({action: 'DENY', from: []})])
    expect(part.objects).toEqual([server({accessPolicy: 'deny'})])
  })

  test('of everybody on a path lets all others in where they asked nothing of it', () => {
    const part = accessPartOf([ruleOf({action: 'DENY', from: [], paths: ['/internal*']})])
    expect(told(part)).toEqual([])
    const [policy, ...others] = objects(part, 'AuthorizationPolicy')
    expect(others).toEqual([])
    expect(policy?.['spec']).toMatchObject({requiredAuthenticationRefs: []})
  })

  test("keeps to the install's default policy for whom no rule names", () => {
    const rules = [ruleOf({action: 'DENY', from: [], paths: ['/internal*']})]
    const under = (defaultInboundPolicy: string) =>
      accessPartOf(rules, {}, {linkerd: {values: {proxy: {defaultInboundPolicy}}}})
    expect(object(under('all-authenticated'), 'MeshTLSAuthentication')['spec']).toEqual({identities: ['*']})
    expect(objects(under('deny'), 'AuthorizationPolicy')).toEqual([])
    expect(told(under('cluster-authenticated'))).toEqual(['refused MW6233 deny'])
  })
})
