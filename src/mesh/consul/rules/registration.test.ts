import {expect, test} from 'vitest'
import type {PodFacts, Registration} from '../../../intent/intent.ts'
import {facts, intent, origin, partOf, pod, specOf, translator, verdicts} from './fixture.ts'

const registered = (wishes: Partial<Registration>): Registration => ({
  origin: origin('spec', 'MeshService'),
  port: 8080,
  versions: [],
  tags: [],
  metadata: {},
  ...wishes,
})
const service = (wishes: Partial<Registration>, pods?: readonly PodFacts[]) =>
  translator().service(
    intent({protocol: 'grpc', registration: registered(wishes), ...(pods !== undefined && {facts: facts(pods)})}),
  )

test('a registered service has its protocol written, and settles with it', () => {
  const parts = service({})
  expect(specOf(parts, 'ServiceDefaults')).toEqual({protocol: 'grpc'})
  expect(partOf(parts, 'defaults').sources).toEqual([{kind: 'MeshService', namespace: 'shop', name: 'order-service'}])
  expect(verdicts(parts)).toEqual([])
})

test('what the pods carry is as it should be', () => {
  const annotations = {'service-tags': 'v1, production', 'service-meta-team': 'a', 'service-meta-version': 'v1.0.0'}
  const wishes = {tags: ['production', 'v1'], metadata: {team: 'a'}, versions: ['1.0.0']}
  expect(verdicts(service(wishes, [pod({}, annotations)]))).toEqual([])
})

test('what they do not carry is told with the annotation to add', () => {
  const wishes = {tags: ['production', 'v1'], metadata: {team: 'a', 'cost.center': '7'}, versions: ['v2']}
  const {objects, findings} = partOf(service(wishes, [pod({})]), 'registration')
  expect(objects).toEqual([])
  const text = 'Consul takes it from the pods, which lack the annotation'
  expect(findings).toMatchObject([
    {kind: 'ignored', code: 'MW6360', message: `${text} consul.hashicorp.com/service-tags: "production,v1"`},
    {
      kind: 'ignored',
      code: 'MW6361',
      message: `${text} consul.hashicorp.com/service-meta-cost_center: "7", consul.hashicorp.com/service-meta-team: "a"`,
    },
    {kind: 'ignored', code: 'MW6362', message: `${text} consul.hashicorp.com/service-meta-version: "v2"`},
  ])
})

test('where no pod is known the annotations are told all the same', () => {
  expect(verdicts(service({tags: ['v1'], metadata: {team: 'a'}}))).toEqual([
    'approximated MW6360',
    'approximated MW6361',
  ])
})

test('the interval of health checks is left to the kubelet', () => {
  const healthCheck = {interval: 10_000, origin: origin('spec.healthCheck', 'MeshService')}
  expect(partOf(service({healthCheck}), 'registration').findings).toMatchObject([
    {kind: 'ignored', code: 'MW6363', feature: 'health-check', origin: healthCheck.origin},
  ])
})

test.each<[string, PodFacts, readonly string[]]>([
  ['the first port', pod({}), []],
  [
    'a port by the annotation',
    {...pod({}, {'connect-service-port': '9090'}), ports: [{port: 8080}]},
    ['approximated MW6364'],
  ],
  [
    'the annotated port by name',
    {...pod({}, {'connect-service-port': 'web'}), ports: [{port: 1}, {name: 'web', port: 8080}]},
    [],
  ],
  ['another first port', {...pod({}), ports: [{port: 9090}, {port: 8080}]}, ['approximated MW6364']],
  ['no port at all', {...pod({}), ports: []}, []],
])('a pod that is registered with %s', (_, one, expected) => {
  expect(verdicts(service({}, [one]))).toEqual(expected)
})

test('the port of the Service stands for the one behind it', () => {
  expect(verdicts(service({port: 80}, [pod({})]))).toEqual([])
})
