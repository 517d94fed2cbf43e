import {expect, test} from 'vitest'
import {
  backend,
  facts,
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
  expect(specOf(parts, 'ServiceDefaults')).toEqual({protocol: 'http', mutualTLSMode: 'strict'})
  expect(verdicts(parts)).toEqual([])
})

test('mutual TLS off is permissive, and intentions are told not to be enforced', () => {
  const parts = translator().service(intent({mutualTLS: mutualTLS(false)}))
  expect(specOf(parts, 'ServiceDefaults')).toEqual({protocol: 'http', mutualTLSMode: 'permissive'})
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
