import {expect, test} from 'vitest'
import type {Call, Caller} from '../../../intent/intent.ts'
import {breaker, intent, partOf, shop, specOf, traffic, translator, verdicts} from './fixture.ts'

const caller = (name: string, reachable = true, namespace = shop): Caller => ({service: {namespace, name}, reachable})
const destination = (callers: readonly Caller[], recovery = 60_000, mesh = {}) =>
  translator(mesh).service(intent({traffic: traffic({breaker: breaker(5, 30_000, recovery), callers})}))
const call = (name: string, namespace = shop, recovery = 300_000): Call => ({
  destination: {namespace, name},
  breaker: breaker(5, 30_000, recovery),
})

test("a breaker stands in the caller's ServiceDefaults", () => {
  expect(specOf(translator().service(intent({calls: [call('payments')]})), 'ServiceDefaults')).toEqual({
    upstreamConfig: {
      overrides: [
        {
          name: 'payments',
          passiveHealthCheck: {
            interval: '10s',
            maxFailures: 5,
            baseEjectionTime: '30s',
            enforcingConsecutive5xx: 100,
            maxEjectionPercent: 100,
          },
        },
      ],
    },
  })
})

test('a short ejection is swept up in time', () => {
  const calls = [{...call('payments'), breaker: breaker(1, 2000, 300_000)}]
  expect(specOf(translator().service(intent({calls})), 'ServiceDefaults')).toMatchObject({
    upstreamConfig: {overrides: [{passiveHealthCheck: {interval: '2s', baseEjectionTime: '2s'}}]},
  })
})

test('on the side of the destination there is nothing to write, and the longest ejection to tell', () => {
  const part = partOf(destination([caller('web')]), 'breaker')
  expect(part).toMatchObject({
    objects: [],
    findings: [
      {
        kind: 'approximated',
        code: 'MW6322',
        feature: 'circuit-breaker-recovery',
        message: 'each further ejection is longer by 30s, up to 5m0s and not 1m0s',
      },
    ],
  })
  expect(partOf(destination([caller('web')], 300_000), 'breaker').findings).toEqual([])
})

test('a breaker without a known caller is refused', () => {
  expect(verdicts(destination([], 300_000))).toEqual(['refused MW6320'])
})

test('callers out of reach are named: refused where there is no other, else without the breaker', () => {
  const far = caller('cron', false, 'billing')
  expect(partOf(destination([far], 300_000), 'breaker').findings).toMatchObject([
    {kind: 'refused', code: 'MW6321', message: expect.stringContaining('billing/cron')},
  ])
  expect(partOf(destination([far, caller('web')], 300_000), 'breaker').findings).toMatchObject([
    {kind: 'approximated', code: 'MW6321', message: expect.stringContaining('billing/cron')},
  ])
})

test('two services of one name get one entry, and that is told', () => {
  const parts = translator().service(intent({calls: [call('payments', 'billing'), call('payments', 'shop')]}))
  expect(specOf(parts, 'ServiceDefaults')).toMatchObject({upstreamConfig: {overrides: [{name: 'payments'}]}})
  expect(verdicts(parts)).toEqual(['ignored MW6323'])
})

test("with Consul Enterprise's mirroring they are two", () => {
  const mesh = {consul: {values: {global: {enableConsulNamespaces: true}}}}
  const parts = translator(mesh).service(intent({calls: [call('payments', 'billing'), call('payments')]}))
  expect(specOf(parts, 'ServiceDefaults')).toMatchObject({
    upstreamConfig: {overrides: [{name: 'payments', namespace: 'billing'}, {name: 'payments'}]},
  })
  expect(verdicts(parts)).toEqual([])
})

test('mesh.strict keeps a breaker that is only approximated away from the callers too', () => {
  const strict = translator({strict: true})
  expect(specOf(strict.service(intent({calls: [call('payments', shop, 60_000)]})), 'ServiceDefaults')).toBeUndefined()
  expect(specOf(strict.service(intent({calls: [call('payments')]})), 'ServiceDefaults')).toHaveProperty(
    'upstreamConfig',
  )
})
