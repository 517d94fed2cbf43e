import {expect, test} from 'vitest'
import {isPlainEnvoy, repositoryOf} from './image.ts'

test.each([
  ['envoy', 'envoy'],
  ['envoyproxy/envoy:v1.25.0', 'envoyproxy/envoy'],
  ['host:5000/team/app', 'host:5000/team/app'],
  ['host:5000/team/app:1', 'host:5000/team/app'],
  ['host:5000/team/app:1@sha256:00', 'host:5000/team/app'],
  ['host:5000/team/app@sha256:00', 'host:5000/team/app'],
  ['a@b/c', 'a@b/c'],
  ['', ''],
])('the repository of %j is %j', (image, repository) => {
  expect(repositoryOf(image)).toBe(repository)
})

test.each([
  ['envoyproxy/envoy:v1.25.0', true],
  ['envoy@sha256:00', true],
  ['envoy', true],
  ['envoy/proxy', false],
  ['example.com/my-envoy:1', false],
])('%j is a plain Envoy: %j', (image, plain) => {
  expect(isPlainEnvoy(image)).toBe(plain)
})
