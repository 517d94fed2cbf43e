import {expect, test} from 'vitest'
import {
  backend,
  facts,
  from,
  intent,
  origin,
  partOf,
  pod,
  route,
  rule,
  specOf,
  subset,
  traffic,
  translator,
  verdicts,
} from './fixture.ts'

const mutualTLS = (value: boolean) => ({value, origin: origin('mesh.security.mutualTLS', 'MeshConfig', 'default')})

test('mutual TLS is strict', () => {
  const parts = translator().service(intent({mutualTLS: mutualTLS(true)}))
  expect(specOf(parts, 'ServiceDefaults')).toEqual({mutualTLSMode: 'strict'})
  expect(verdicts(parts)).toEqual([])
})

test('mutual TLS off is permissive, and intentions are told not to be enforced', () => {
  const parts = translator().service(intent({mutualTLS: mutualTLS(false)}))
  expect(specOf(parts, 'ServiceDefaults')).toEqual({mutualTLSMode: 'permissive'})
  expect(partOf(parts, 'defaults').findings).toMatchObject([
    {
      kind: 'approximated',
      code: 'MW6330',
      feature: 'plaintext',
      message: 'plain connections are accepted beside mutual TLS, and who may call is not enforced on them',
    },
  ])
})

test.each([
  [false, undefined, true],
  [false, 'true', false],
  [true, 'false', true],
  [true, undefined, false],
])(
  'with transparent proxy %j in the chart and %j on the pods, plain connections go past the sidecar: %j',
  (chart, pods, past) => {
    const mesh = {consul: {values: {connectInject: {transparentProxy: {defaultEnabled: chart}}}}}
    const known = facts([pod({}, pods === undefined ? {} : {'transparent-proxy': pods})])
    const [finding] = partOf(
      translator(mesh).service(intent({mutualTLS: mutualTLS(false), facts: known})),
      'defaults',
    ).findings
    expect(finding?.message.startsWith('without transparent proxy')).toBe(past)
  },
)

test('under mesh.strict what needs the protocol is held back with it', () => {
  const wishes = {
    mutualTLS: mutualTLS(false),
    traffic: traffic({subsets: [subset('v1')], routes: [route({backends: [backend('v1')]})]}),
    access: {rules: [rule('ALLOW', [], {paths: ['/a']})]},
  }
  const parts = translator({strict: true}).service(intent(wishes))
  expect(partOf(parts, 'traffic')).toMatchObject({
    objects: [],
    findings: expect.arrayContaining([expect.objectContaining({code: 'MW6371'})]),
  })
  expect(partOf(parts, 'access')).toMatchObject({objects: [], findings: [{kind: 'refused', code: 'MW6371'}]})
})

const access = (wishes = {}) => ({access: {rules: [rule('ALLOW', [from('web')], wishes)]}})
const port = {port: 5432, targetPort: 5432, protocol: 'TCP'}

test.each<[string, Parameters<typeof intent>[0]]>([
  ['nothing else is wanted', {}],
  ['another service routes to it', {...access(), routed: true}],
  ['there is a rule for its traffic', {traffic: traffic({subsets: [subset('v1')]})}],
  ['access goes by path', access({paths: ['/a']})],
  ['a port says so by name', {...access(), facts: facts([], {ports: [{...port, name: 'http-api'}]})}],
  ['a port says so by appProtocol', {...access(), facts: facts([], {ports: [{...port, appProtocol: 'http'}]})}],
])('http is told where %s', (_, wishes) => {
  expect(specOf(translator().service(intent(wishes)), 'ServiceDefaults')).toEqual({protocol: 'http'})
})

test('http is not told to a database that nobody said speaks it', () => {
  const database = {...access(), facts: facts([], {ports: [port]})}
  expect(specOf(translator().service(intent(database)), 'ServiceDefaults')).toBeUndefined()
  expect(specOf(translator().service(intent({...database, mutualTLS: mutualTLS(true)})), 'ServiceDefaults')).toEqual({
    mutualTLSMode: 'strict',
  })
})

test('tcp that somebody said is told', () => {
  expect(specOf(translator().service(intent({...access(), protocol: 'tcp'})), 'ServiceDefaults')).toEqual({
    protocol: 'tcp',
  })
})
