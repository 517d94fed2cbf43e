import {expect, test} from 'vitest'
import type {Retries, Route} from '../../../intent/intent.ts'
import {intent, match, origin, route, specOf, traffic, translator, verdicts} from './fixture.ts'

const service = (routes: readonly Route[]) => translator().service(intent({traffic: traffic({routes})}))
const retries = (attempts: number, wishes: Partial<Retries> = {}): Retries => ({
  attempts,
  on: ['gateway-error'],
  origin: origin('spec.retries'),
  ...wishes,
})

test('timeout and tries stand on a route for all requests', () => {
  const parts = service([route({timeout: 5000, retries: retries(3, {on: ['connect-failure', '5xx', 'reset']})})])
  expect(specOf(parts, 'ServiceRouter')).toEqual({
    routes: [{destination: {requestTimeout: '5s', numRetries: 3, retryOn: ['5xx', 'reset', 'connect-failure']}}],
  })
  expect(verdicts(parts)).toEqual([])
})

test('no tries, said explicitly, is what Consul does anyway', () => {
  expect(specOf(service([route({timeout: 5000, retries: retries(0)})]), 'ServiceRouter')).toEqual({
    routes: [{destination: {requestTimeout: '5s'}}],
  })
})

test("a timeout beyond 15 s raises the destination's own limit", () => {
  const routes = [route({matches: [match({method: 'GET'})], timeout: 20_000}), route({timeout: 16_000})]
  expect(specOf(service(routes), 'ServiceDefaults')).toEqual({protocol: 'http', localRequestTimeoutMs: 20_000})
  expect(specOf(service([route({timeout: 15_000})]), 'ServiceDefaults')).toEqual({protocol: 'http'})
})

test('a timeout beyond five minutes lets the stream idle for as long, and tells of the limit that stays', () => {
  const parts = service([route({timeout: 600_000})])
  expect(specOf(parts, 'ServiceRouter')).toEqual({
    routes: [{destination: {requestTimeout: '10m0s', idleTimeout: '10m0s'}}],
  })
  expect(verdicts(parts)).toEqual(['approximated MW6316'])
})

test("a limit on each try is the destination's, where every route has one", () => {
  const some = match({method: 'GET'})
  const parts = service([
    route({matches: [some], retries: retries(1, {perTryTimeout: 500})}),
    route({timeout: 60_000, retries: retries(1, {perTryTimeout: 2000})}),
  ])
  expect(specOf(parts, 'ServiceDefaults')).toEqual({protocol: 'http', localRequestTimeoutMs: 2000})
  expect(verdicts(parts)).toEqual(['approximated MW6314'])
})

test('a limit on the tries of one route alone is told to be lost', () => {
  const limited = route({matches: [match({method: 'GET'})], retries: retries(1, {perTryTimeout: 500})})
  for (const routes of [[limited, route({})], [limited]]) {
    const parts = service(routes)
    expect(specOf(parts, 'ServiceDefaults')).toEqual({protocol: 'http'})
    expect(verdicts(parts)).toEqual(['ignored MW6315'])
  }
})

test('a refused rule leaves no limit behind', () => {
  const parts = service([route({matches: [match({method: 'PURGE'})]}), route({timeout: 60_000})])
  expect(specOf(parts, 'ServiceDefaults')).toEqual({protocol: 'http'})
})
