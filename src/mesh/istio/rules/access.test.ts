import {describe, expect, test} from 'vitest'
import type {AccessRule, ServiceFacts} from '../../../intent/intent.ts'
import {
  at,
  caller,
  factsOf,
  findingsOf,
  fromNamespace,
  httpPort,
  intentOf,
  objectsOf,
  outcomes,
  podOf,
  rule,
  serviceParts,
  specOf,
} from './testing.ts'

const strict = {security: {mutualTLS: true}}
const parts = (rules: readonly AccessRule[], more: object = {}, mesh: object = strict) =>
  serviceParts(intentOf({access: {rules}, ...more}), mesh)
const matchLabels = {app: 'orders'}
const user = 'cluster.local/ns/shop/sa/user'
const on = (more: object = {}) => [{operation: {ports: ['8080'], ...more}}]

describe('who may call', () => {
  test('is known by ServiceAccount, on the ports of the service, and nobody else may', () => {
    expect(objectsOf(parts([rule({from: [caller('user')]})]))).toEqual([
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: {namespace: 'shop', name: 'orders-allow'},
        spec: {
          selector: {matchLabels},
          action: 'ALLOW',
          rules: [{from: [{source: {principals: [user]}}], to: on()}],
        },
      },
    ])
  })

  test('by service or by namespace, either is enough', () => {
    const spec = specOf(parts([rule({from: [fromNamespace('front'), caller('user')]})]), 'AuthorizationPolicy')
    expect(spec).toMatchObject({
      rules: [{from: [{source: {principals: [user]}}, {source: {namespaces: ['front']}}]}],
    })
  })

  test('with which methods on which paths', () => {
    const one = rule({from: [caller('user')], methods: ['POST', 'GET'], paths: ['/orders*', '/health']})
    expect(specOf(parts([one]), 'AuthorizationPolicy')).toMatchObject({
      rules: [{to: on({methods: ['GET', 'POST'], paths: ['/health', '/orders*']})}],
    })
  })

  test('everybody is said by naming nobody', () => {
    expect(specOf(parts([rule()]), 'AuthorizationPolicy')).toMatchObject({action: 'ALLOW', rules: [{to: on()}]})
    expect(specOf(parts([rule()]), 'AuthorizationPolicy')).not.toHaveProperty('rules.0.from')
  })

  test('of several rules is one answer, whatever their order', () => {
    const rules = [
      rule({from: [caller('user')]}),
      rule({from: [caller('admin')]}),
      rule({from: [fromNamespace('front')], methods: ['GET']}),
      rule({action: 'DENY', from: [caller('crawler')]}),
    ]
    const made = parts(rules)
    expect(objectsOf(made).map(({metadata}) => metadata?.name)).toEqual(['orders-deny', 'orders-allow'])
    expect(specOf(made, 'AuthorizationPolicy', 'orders-allow')).toMatchObject({
      rules: [
        {from: [{source: {namespaces: ['front']}}], to: on({methods: ['GET']})},
        {from: [{source: {principals: ['cluster.local/ns/shop/sa/admin', user]}}], to: on()},
      ],
    })
    expect(objectsOf(parts(rules.toReversed()))).toEqual(objectsOf(made))
  })

  test('the trust domain is that of the mesh config', () => {
    const mesh = {...strict, istio: {meshConfig: {trustDomain: 'prod.example'}}}
    expect(specOf(parts([rule({from: [caller('user')]})], {}, mesh), 'AuthorizationPolicy')).toMatchObject({
      rules: [{from: [{source: {principals: ['prod.example/ns/shop/sa/user']}}]}],
    })
  })
})

describe('who cannot be told', () => {
  test('shares a ServiceAccount with another service', () => {
    const made = parts([rule({from: [caller('user', 'default', [{namespace: 'shop', name: 'report'}])]})])
    expect(findingsOf(made)).toEqual([
      expect.objectContaining({
        kind: 'refused',
        code: 'MW6114',
        message: 'user runs under ServiceAccount shop/default, and so does report',
      }),
    ])
    expect(objectsOf(made)).toEqual([])
  })

  test.each([[undefined], [[]]])('has accounts %j: that is never everybody', (accounts) => {
    const unknown = {kind: 'service', service: {namespace: 'shop', name: 'user'}, origin: at('from')} as const
    const made = parts([rule({from: [accounts === undefined ? unknown : {...unknown, accounts}]})])
    expect(outcomes(made)).toEqual(['refused MW6112 allow-service'])
    expect(objectsOf(made)).toEqual([])
  })

  test('is anybody, where the workloads are not known or have no labels', () => {
    const {facts: _, ...unknown} = intentOf({access: {rules: [rule({action: 'DENY'})]}})
    expect(outcomes(serviceParts(unknown, strict))).toEqual(['refused MW6112 deny'])
    expect(outcomes(parts([rule()], {facts: factsOf({selector: {}})}))).toEqual(['refused MW6113 allow-service'])
  })
})

describe('without mutual TLS', () => {
  const named = rule({from: [fromNamespace('front')]})

  test.each([
    [{security: {mutualTLS: false}}, ['refused MW6115 allow-namespace']],
    [{sidecarImage: 'envoyproxy/envoy:v1.25.0'}, ['refused MW6115 allow-namespace']],
    [{}, []],
  ])('%j', (mesh, expected) => {
    expect(outcomes(parts([named], {}, mesh))).toEqual(expected)
  })

  test('rules that name nobody hold all the same', () => {
    expect(outcomes(parts([rule({action: 'DENY'})], {}, {security: {mutualTLS: false}}))).toEqual([])
  })

  test('a DENY by name misses who has no identity', () => {
    const denied = [rule({action: 'DENY', from: [caller('user')]})]
    expect(outcomes(parts(denied, {}, {}))).toEqual(['approximated MW6116 deny'])
    expect(outcomes(parts(denied))).toEqual([])
  })
})

describe('ports', () => {
  const db = {name: 'tcp-db', port: 5432, targetPort: 5432, protocol: 'TCP'}
  const allowed = (facts: Partial<ServiceFacts>, more: Partial<AccessRule> = {}) =>
    parts([rule({from: [caller('user')], ...more})], {facts: factsOf(facts)})

  test('are those of the pods, by number or by name', () => {
    const pods = [podOf('v1', [{name: 'web', port: 8080}]), podOf('v2', [{name: 'web', port: 9090}])]
    const made = allowed({pods, ports: [{...httpPort, targetPort: 'web'}]})
    expect(specOf(made, 'AuthorizationPolicy')).toMatchObject({rules: [{to: [{operation: {ports: ['8080', '9090']}}]}]})
  })

  test('that no pod has by that name: the rule holds for all', () => {
    const made = allowed({ports: [{...httpPort, targetPort: 'web'}]})
    expect(outcomes(made)).toEqual(['approximated MW6119 allow-service'])
    expect(specOf(made, 'AuthorizationPolicy')?.['rules']).toEqual([{from: [{source: {principals: [user]}}]}])
  })

  test('under a name that no pod has turn away bytes too where requests are denied', () => {
    const ports = [{...httpPort, targetPort: 'web'}]
    const made = allowed({ports}, {action: 'DENY', methods: ['GET']})
    expect(findingsOf(made).map(({code, message}) => `${code} ${message}`)).toContain(
      'MW6119 on all of them it turns away what is not HTTP as well',
    )
  })

  test('of bytes have no methods and paths', () => {
    const made = allowed({ports: [httpPort, db]}, {action: 'DENY', methods: ['GET']})
    expect(outcomes(made)).toEqual(['approximated MW6105 access-method'])
    expect(specOf(made, 'AuthorizationPolicy')).toMatchObject({rules: [{to: on({methods: ['GET']})}]})
  })

  test.each(['ALLOW', 'DENY'] as const)('that are all bytes: %s by path is refused', (action) => {
    const made = allowed({ports: [db], pods: [podOf('v1', [{port: 5432}])]}, {action, paths: ['/a*']})
    expect(outcomes(made)).toEqual(['refused MW6117 access-path'])
  })

  test('whose protocol is guessed: what is not HTTP is denied whole', () => {
    const ports = [{port: 80, targetPort: 8080, protocol: 'TCP'}]
    expect(outcomes(allowed({ports}, {action: 'DENY', methods: ['GET']}))).toEqual([
      'approximated MW6106 access-method',
    ])
    expect(outcomes(allowed({ports}, {methods: ['GET']}))).toEqual([])
  })

  test('of the pods that are not of the service are closed by an ALLOW', () => {
    const pods = [podOf('v1', [{port: 8080}, {port: 9102}, {name: 'http-envoy-prom', port: 15090}])]
    const [closed, ...others] = findingsOf(allowed({pods}))
    expect(closed).toMatchObject({kind: 'approximated', code: 'MW6120'})
    expect(closed?.message).toMatch(/: 9102$/)
    expect(others).toEqual([])
    expect(outcomes(allowed({pods}, {action: 'DENY'}))).toEqual([])
  })

  test('that another Service leads to as well', () => {
    const neighbour = {name: 'orders-public', selector: {app: 'orders'}, ports: [httpPort]}
    expect(outcomes(allowed({neighbours: [neighbour]}))).toEqual(['approximated MW6121 allow-service'])
    expect(outcomes(allowed({neighbours: [{...neighbour, managedFor: 'orders'}]}))).toEqual([])
    expect(outcomes(allowed({neighbours: [{...neighbour, selector: {app: 'users'}}]}))).toEqual([])
    expect(outcomes(allowed({neighbours: [{...neighbour, ports: [db]}]}))).toEqual([])
  })
})

test.each([
  ['/a/{id}', 'refused MW6118 access-path'],
  ['/a?b=*', 'refused MW6109 access-path'],
])('the path %s cannot be said', (path, expected) => {
  expect(outcomes(parts([rule({paths: [path]})]))).toEqual([expected])
})

test('more rules than a policy holds are refused', () => {
  const rules = Array.from({length: 513}, (_, index) => rule({paths: [`/${index}`]}))
  expect(outcomes(parts(rules))).toEqual(['refused MW6122 allow-service'])
  expect(outcomes(parts(rules.slice(1)))).toEqual([])
})
