import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {MeshRuleError} from './errors.ts'
import type {Fragment} from './fragment.ts'
import {PlannedRule} from './traffic.ts'

const handle = {
  accepted: async () => {},
  applied: async () => ({exact: true, approximations: []}),
  dispose: async () => {},
}

function begin(registered: Fragment[] = []) {
  const rule = new PlannedRule({
    targets: [],
    nameOf: (service) => {
      const [name = '', namespace = 'shop'] = service.split('.')
      return {namespace, name}
    },
    register: (fragment) => {
      registered.push(fragment({name: 'web', version: 'v1'}))
      return handle
    },
  })
  return {rule, registered}
}

describe('trafficManager()', () => {
  test('writes nothing before register(), and then what was said', () => {
    const {rule, registered} = begin()
    const said = rule.to('user-service', 'v1.0.0').weight(80).to('user-service', 'v1.1.0').timeout('5s').retries(3)
    expect(registered).toEqual([])
    said.register()
    expect(registered).toEqual([
      {
        call: 'split',
        kind: 'TrafficPolicy',
        service: {namespace: 'shop', name: 'user-service'},
        manager: 'meshwright-sdk/web/split/v1',
        spec: {
          service: 'user-service',
          versions: [{name: 'v1.0.0'}, {name: 'v1.1.0'}],
          split: [
            {version: 'v1.0.0', weight: 80},
            {version: 'v1.1.0', weight: 20},
          ],
          timeout: '5s',
          retries: {attempts: 3},
        },
      },
    ])
  })

  test('is a new rule after each step: one may be the beginning of two', () => {
    const {rule, registered} = begin()
    const base = rule.to('a', 'v1').weight(90)
    base.to('a', 'v2').register()
    base.to('a', 'v3').register()
    expect(registered.map(({spec}) => spec['split'])).toEqual([
      [
        {version: 'v1', weight: 90},
        {version: 'v2', weight: 10},
      ],
      [
        {version: 'v1', weight: 90},
        {version: 'v3', weight: 10},
      ],
    ])
  })

  test('gives a share to another service', () => {
    const {rule, registered} = begin()
    rule.to('a', 'v1').weight(70).to('b', 'v2').register()
    expect(registered[0]?.spec).toMatchObject({
      versions: [{name: 'v1'}],
      split: [{weight: 70}, {service: 'b', weight: 30}],
    })
  })

  test.each<[string, (rule: PlannedRule) => PlannedRule, RegExp]>([
    ['nothing named', (rule) => rule, /destination/],
    ['weights above 100', (rule) => rule.to('a', 'v1').weight(80).to('a', 'v2').weight(30), /sum to 110/],
    ['weights below 100', (rule) => rule.to('a', 'v1').weight(80).to('a', 'v2').weight(10), /sum to 90/],
    [
      'two without a weight',
      (rule) => rule.to('a', 'v1').weight(80).to('a', 'v2').to('a', 'v3'),
      /all of them but one/,
    ],
    ['a timeout without a unit', (rule) => rule.to('a', 'v1').timeout('5'), /timeout/],
    [
      'a try longer than the whole',
      (rule) => rule.to('a', 'v1').timeout('1s').retries(1, {perTryTimeout: '2s'}),
      /perTryTimeout/,
    ],
    ['another namespace', (rule) => rule.to('a', 'v1').to('b.other', 'v1'), /within one namespace/],
    ['half a percent', (rule) => rule.to('a', 'v1').weight(0.5).to('a', 'v2'), /whole number/],
    ['a version twice', (rule) => rule.to('a', 'v1.0').weight(50).to('a', '1.0'), /twice/],
  ])('refuses %s at once', (_, say, reason) => {
    expect(() => say(begin().rule).register()).toThrow(reason)
    expect(() => say(begin().rule).register()).toThrow(MeshRuleError)
  })

  test('weights always sum to 100', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 32}), fc.integer({min: 0, max: 100}), (versions, first) => {
        const {rule, registered} = begin()
        const names = Array.from({length: versions}, (_, index) => `v${index}`)
        const all = names.reduce((said, name) => said.to('a', name), rule)
        all.register()
        if (versions === 2)
          names
            .slice(1)
            .reduce((said, name) => said.to('a', name), rule.to('a', 'v0').weight(first))
            .register()
        for (const {spec} of registered) {
          const split = spec['split'] as {weight: number}[]
          expect(split.reduce((sum, {weight}) => sum + weight, 0)).toBe(100)
        }
      }),
    )
  })
})
