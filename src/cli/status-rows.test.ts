import {describe, expect, test} from 'vitest'
import type {KubeObject} from '../mesh/pod.ts'
import {byName, cells, isTroubled, plainStatus} from './status-rows.ts'

function rule(states: readonly ('True' | 'False')[], generation = 1): KubeObject {
  const types = ['Accepted', 'Programmed', 'Approximated'] as const
  return {
    apiVersion: 'meshwright.dev/v1alpha1',
    kind: 'TrafficPolicy',
    metadata: {name: 'orders', namespace: 'shop', generation},
    status: {
      observedGeneration: 1,
      conditions: states.map((status, index) => ({
        type: types[index],
        status,
        reason: `${types[index]}${status}`,
        message: 'why',
        observedGeneration: 1,
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    },
  }
}

describe('a row', () => {
  test.each([
    [['True', 'True', 'False'], 'ProgrammedTrue'],
    [['True', 'True', 'True'], 'ApproximatedTrue'],
    [['True', 'False', 'True'], 'ProgrammedFalse'],
    [['False', 'False', 'True'], 'AcceptedFalse'],
  ] as const)('of a rule that is %j tells %s', (states, reason) => {
    expect(cells(rule(states), false)).toEqual(['shop', 'trafficpolicy/orders', ...states, reason])
  })

  test('of a rule that was changed since tells that nothing is known of it', () => {
    const row = ['shop', 'trafficpolicy/orders', 'Unknown', 'Unknown', 'Unknown', 'Unknown']
    expect(cells(rule(['True', 'True', 'False'], 2), false)).toEqual(row)
    expect(isTroubled(rule(['True', 'True', 'False'], 2))).toBe(true)
    expect(cells({...rule([]), status: undefined}, true).at(-1)).toContain('has not said anything')
  })
})

test('a rule is in force where it is accepted and written, whatever is lost', () => {
  expect(isTroubled(rule(['True', 'True', 'True']))).toBe(false)
  expect(isTroubled(rule(['True', 'False', 'False']))).toBe(true)
  expect(plainStatus(rule(['True', 'True', 'True']))).toMatchObject({inForce: true, name: 'orders', findings: []})
})

test('rules stand by namespace, kind and name', () => {
  const named = (namespace: string, kind: string): KubeObject => ({kind, metadata: {name: 'a', namespace}})
  const rules = [named('b', 'A'), named('a', 'B'), named('a', 'A')].sort(byName)
  expect(rules.map(({kind, metadata}) => `${metadata?.namespace} ${kind}`)).toEqual(['a A', 'a B', 'b A'])
})
