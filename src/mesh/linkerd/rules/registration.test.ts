import {expect, test} from 'vitest'
import type {Registration} from '../../../intent/intent.ts'
import {factsOf, intentOf, originOf, partOf, told} from './testing.ts'

const registration = (parts: Partial<Registration> = {}): Registration => ({
  origin: originOf('spec'),
  port: 80,
  versions: [],
  tags: [],
  metadata: {},
  ...parts,
})
const registered = (parts: Partial<Registration> = {}, intent = {}) =>
  partOf('registration', intentOf({registration: registration(parts), ...intent}))

test('a service is registered by its Kubernetes Service', () => {
  expect(registered().objects).toEqual([])
  expect(told(registered())).toEqual([])
  expect(told(registered({}, {protocol: 'grpc'}))).toEqual([])
})

test('what Kubernetes has no place for has no effect', () => {
  const origin = originOf('spec.healthCheck')
  const full = registered({versions: ['v1'], tags: ['a'], metadata: {team: 'a'}, healthCheck: {interval: 1000, origin}})
  expect(told(full)).toEqual([
    'ignored MW6245 metadata',
    'ignored MW6245 tags',
    'ignored MW6245 registration-versions',
    'ignored MW6246 health-check',
  ])
})

test('a port or a protocol that the Service says otherwise is told', () => {
  expect(told(registered({port: 81}))).toEqual(['approximated MW6247 registration'])
  expect(told(registered({port: 8080}))).toEqual([])
  const ports = [{port: 80, targetPort: 8080, protocol: 'TCP', appProtocol: 'tcp'}]
  expect(told(registered({}, {facts: factsOf({ports})}))).toEqual(['approximated MW6247 registration'])
  expect(told(registered({}, {protocol: 'tcp'}))).toEqual(['approximated MW6247 registration'])
  expect(told(registered({}, {protocol: 'tcp', facts: factsOf({ports})}))).toEqual([])
})
