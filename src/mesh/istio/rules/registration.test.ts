import {describe, expect, test} from 'vitest'
import type {Registration, ServiceIntent} from '../../../intent/intent.ts'
import {at, factsOf, httpPort, intentOf, outcomes, podOf, serviceParts} from './testing.ts'

const registered = (more: Partial<Registration> = {}, intent: Partial<ServiceIntent> = {}) =>
  outcomes(
    serviceParts(
      intentOf({
        registration: {origin: at('spec'), port: 8080, versions: [], tags: [], metadata: {}, ...more},
        ...intent,
      }),
    ),
  )

test('a service that registers as what it is needs nothing', () => {
  expect(registered()).toEqual([])
})

test('tags, metadata and health checks have no place in Istio', () => {
  const healthCheck = {interval: 1000, origin: at('healthCheck')}
  expect(registered({tags: ['v1'], metadata: {team: 'a'}, healthCheck})).toEqual([
    'ignored MW6127 metadata',
    'ignored MW6127 tags',
    'ignored MW6128 health-check',
  ])
})

describe('a version', () => {
  test.each([
    [['v1.0.0'], 'v1.0.0', []],
    [['v1.0.0'], '1.0.0', []],
    [['v2'], 'v1', ['ignored MW6127 registration-versions']],
  ])('%j of pods labelled %s', (versions, label, expected) => {
    expect(registered({versions}, {facts: factsOf({pods: [podOf(label)]})})).toEqual(expected)
  })
})

describe('the protocol is what the port of the Service says', () => {
  const on = (port: object) => ({facts: factsOf({ports: [{...httpPort, ...port}]})})

  test.each([
    ['http', {name: 'http'}, []],
    ['http', {name: 'http2'}, []],
    ['http', {name: 'web'}, []],
    ['http', {name: 'tcp-main'}, ['ignored MW6129 registration']],
    ['grpc', {name: 'http'}, ['ignored MW6129 registration']],
    ['grpc', {appProtocol: 'kubernetes.io/h2c'}, []],
    ['tcp', {name: 'redis'}, []],
    ['tcp', {name: 'web'}, ['approximated MW6106 registration']],
    ['tcp', {name: 'http'}, ['ignored MW6129 registration']],
  ] as const)('%s on %j', (protocol, port, expected) => {
    expect(registered({}, {protocol, ...on(port)})).toEqual(expected)
  })

  test('other ports are not asked', () => {
    const ports = [httpPort, {name: 'tcp-db', port: 5432, targetPort: 5432, protocol: 'TCP'}]
    expect(registered({port: 80}, {facts: factsOf({ports})})).toEqual([])
  })
})
