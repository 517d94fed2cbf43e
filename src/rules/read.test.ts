import {describe, expect, test} from 'vitest'
import {accessPolicySchema} from './access-policy.ts'
import {meshServiceSchema} from './mesh-service.ts'
import {readSpec, type SpecReading} from './read.ts'
import {wrongAccess, wrongTraffic} from './testing.ts'
import {trafficPolicyName, trafficPolicySchema} from './traffic-policy.ts'

function faults(reading: SpecReading<unknown>): readonly string[] {
  return reading.ok ? [] : reading.faults.map(({path, message}) => `${path.join('.')}: ${message}`)
}

describe('a spec', () => {
  test('of a TrafficPolicy is taken as the design writes it', () => {
    const spec = {
      service: 'order-service',
      versions: [{name: 'v1', labels: {version: 'v1'}}, {name: 'v2'}],
      split: [
        {version: 'v1', weight: 80},
        {version: 'v2', weight: 20},
      ],
      routes: [
        {
          match: {pathPrefix: '/api', method: 'GET', headers: {'x-user': {exact: 'qa'}}},
          split: [{version: 'v2', weight: 100}],
          timeout: '4s',
        },
      ],
      timeout: '5s',
      retries: {attempts: 3, perTryTimeout: '1s', on: ['5xx', 'reset', 'connect-failure']},
      circuitBreaker: {threshold: 5, timeout: '30s', recovery: '60s'},
    }
    expect(readSpec(trafficPolicySchema, spec)).toEqual({ok: true, spec})
  })

  test.for(wrongTraffic)('of a TrafficPolicy with %s is refused, and told why', ([, wrong, message]) => {
    const reading = readSpec(trafficPolicySchema, {service: 'orders', ...wrong})
    const byName = reading.ok && !trafficPolicyName.holds('orders', reading.spec) ? [trafficPolicyName.message] : []
    expect([...faults(reading), ...byName].join('\n')).toContain(message)
  })

  test.for(wrongAccess)('of an AccessPolicy with %s is refused, and told why', ([, wrong, message]) => {
    const reading = readSpec(accessPolicySchema, {destination: 'orders', action: 'ALLOW', ...wrong})
    expect(faults(reading).join('\n')).toContain(message)
  })

  test('that is wrong is told by its field, what it must be, and what was found', () => {
    expect(faults(readSpec(meshServiceSchema, {port: '80', tag: 'x'}))).toEqual([
      'port: port must be a whole number from 1 to 65535, found "80"',
      'tag: unknown key "tag"',
    ])
    expect(faults(readSpec(meshServiceSchema, {}))).toEqual([
      'port: port is missing; it must be a whole number from 1 to 65535',
    ])
    expect(faults(readSpec(meshServiceSchema, 'text'))).toEqual([': spec must be a map, found "text"'])
    expect(faults(readSpec(trafficPolicySchema, {service: 'a', timeout: '1us'}))).toEqual([
      'timeout: timeout must be a duration from 1ms to 24h with its unit, such as 500ms, 10s or 1m30s, found "1us"',
    ])
    expect(faults(readSpec(trafficPolicySchema, {service: 'a', routes: [{match: {pathRegex: '/(?=x)'}}]}))).toEqual([
      'routes.0.match.pathRegex: pathRegex must be a regular expression that RE2 can read, found "/(?=x)"',
    ])
  })

  test('may hold nulls, which are keys that are not there', () => {
    expect(readSpec(meshServiceSchema, {port: 80, tags: null, healthCheck: {path: null}})).toEqual({
      ok: true,
      spec: {port: 80, healthCheck: {}},
    })
  })

  test('with a key that no record keeps is refused, not widened', () => {
    const spec: unknown = JSON.parse(
      '{"service": "a", "routes": [{"match": {"headers": {"__proto__": {"exact": "x"}}}}]}',
    )
    expect(faults(readSpec(trafficPolicySchema, spec))).toEqual([
      'routes.0.match.headers.__proto__: a key named "__proto__" is not taken',
    ])
    const metadata: unknown = JSON.parse('{"port": 80, "metadata": {"constructor": "a"}}')
    expect(readSpec(meshServiceSchema, metadata)).toMatchObject({ok: true})
  })
})
