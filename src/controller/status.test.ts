import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {RuleFinding} from '../mesh/translation.ts'
import {pastConditions, readStatus, statusOf, traceOf, type PartReport, type Report, type RuleStatus} from './status.ts'

const early = '2026-01-01T00:00:00Z'
const late = '2026-01-02T00:00:00Z'
const source = {kind: 'TrafficPolicy', namespace: 'shop', name: 'orders'} as const

function finding(
  kind: RuleFinding['kind'],
  path = 'spec.timeout',
  message = 'why',
  code: RuleFinding['code'] = 'MW6003',
): RuleFinding {
  const origin = {source, path, place: `TrafficPolicy shop/orders ${path}`}
  return {kind, code, feature: 'timeout', origin, message}
}

function report(parts: readonly PartReport[], findings: readonly RuleFinding[] = []): Report {
  return {mesh: 'istio', findings, parts}
}

const written = report([{state: 'programmed'}])
const conditions = ({conditions}: RuleStatus) =>
  Object.fromEntries(conditions.map(({type, status, reason}) => [type, `${status} ${reason}`]))
const message = ({conditions}: RuleStatus, wanted: string) =>
  conditions.find(({type}) => type === wanted)?.message ?? ''

describe('the conditions of a rule', () => {
  test('that is written as it stands', () => {
    const status = statusOf(3, [written], [], early)
    expect(status).toMatchObject({observedGeneration: 3})
    expect(status).not.toHaveProperty('findings')
    expect(status.conditions.every((each) => each.observedGeneration === 3 && each.lastTransitionTime === early)).toBe(
      true,
    )
    expect(conditions(status)).toEqual({
      Accepted: 'True Accepted',
      Programmed: 'True Programmed',
      Approximated: 'False Exact',
    })
    expect(message(status, 'Programmed')).toBe('Everything is written for istio.')
  })

  test('that a mesh refuses: the first reason, how many there are, and that nothing was written', () => {
    const refused = report([{state: 'refused'}], [finding('refused', 'spec.b'), finding('refused', 'spec.a')])
    const status = statusOf(1, [refused], [], early)
    expect(conditions(status)).toMatchObject({Accepted: 'False Refused', Programmed: 'False Refused'})
    expect(message(status, 'Accepted')).toBe('MW6003 spec.a: why (and 1 more, see findings)')
  })

  test.each([
    ['MW6001', 'ServiceNotFound'],
    ['MW6002', 'Conflicted'],
    ['MW6007', 'RefNotPermitted'],
    ['MW6301', 'Unsupported'],
  ] as const)('tell with a reason of its own what %s refuses: %s', (code, reason) => {
    const status = statusOf(1, [report([], [finding('refused', 'spec', 'why', code)])], [], early)
    expect(conditions(status)).toMatchObject({Accepted: `False ${reason}`})
  })

  test('of which something is lost', () => {
    const status = statusOf(1, [report([{state: 'programmed'}], [finding('approximated')])], [], early)
    expect(conditions(status)).toMatchObject({Accepted: 'True Accepted', Approximated: 'True Approximated'})
    const ignored = statusOf(1, [report([{state: 'programmed'}], [finding('ignored')])], [], early)
    expect(conditions(ignored)).toMatchObject({Approximated: 'True Ignored'})
  })

  test('that could not be written in one of many places', () => {
    const failed = report([{state: 'failed', reason: 'CRDMissing', message: 'MW6401 there is no VirtualService'}])
    const status = statusOf(1, [written, failed, written, failed], [], early)
    expect(conditions(status)).toMatchObject({Accepted: 'True Accepted', Programmed: 'False CRDMissing'})
    expect(message(status, 'Programmed')).toBe('MW6401 there is no VirtualService')
  })

  test('that asks for nothing', () => {
    expect(conditions(statusOf(1, [], [], early))).toMatchObject({Programmed: 'True Programmed'})
  })

  test('keep their time until they change', () => {
    const before = statusOf(1, [written], [], early)
    const past = pastConditions(traceOf(before))
    expect(traceOf(statusOf(1, [written], past, late))).toEqual(traceOf(before))
    const after = statusOf(2, [report([{state: 'refused'}], [finding('refused')])], past, late)
    expect(after.conditions.map(({type, lastTransitionTime}) => [type, lastTransitionTime])).toEqual([
      ['Accepted', late],
      ['Programmed', late],
      ['Approximated', early],
    ])
    expect(traceOf(after).digest).not.toBe(traceOf(before).digest)
  })
})

describe('a status that an object carries', () => {
  test('is read as it was written', () => {
    for (const status of [
      statusOf(1, [written], [], early),
      statusOf(1, [report([{state: 'refused'}], [finding('refused')])], [], early),
    ]) {
      expect(readStatus(JSON.parse(JSON.stringify(status)))).toEqual(status)
    }
  })

  test('is none where somebody else wrote it', () => {
    for (const value of [undefined, null, {}, {observedGeneration: 1, conditions: [{type: 'Ready', status: 'True'}]}]) {
      expect(readStatus(value)).toBeUndefined()
    }
  })
})

describe('the findings of a rule', () => {
  test('are listed once each, the gravest first, and not without end', () => {
    const many = Array.from({length: 40}, (_, index) => finding('ignored', `spec.routes[${index}]`))
    const status = statusOf(1, [report([], [...many, finding('refused')]), report([], many)], [], early)
    expect(status.findings).toHaveLength(16)
    expect(status.findings?.[0]).toEqual({
      kind: 'refused',
      code: 'MW6003',
      feature: 'timeout',
      path: 'spec.timeout',
      message: 'why',
    })
    expect(message(status, 'Approximated')).toContain('(and 39 more, see findings)')
  })

  test('are cut where somebody made them long', () => {
    const status = statusOf(1, [report([], [finding('refused', 'spec', 'x'.repeat(5000))])], [], early)
    expect(status.findings?.[0]?.message).toHaveLength(1024)
    expect(message(status, 'Accepted')).toHaveLength(1024)
  })
})

test('the order of reports and findings does not matter', () => {
  const kinds = fc.constantFrom<RuleFinding['kind']>('refused', 'approximated', 'ignored')
  const findings = fc.array(
    fc.tuple(kinds, fc.string(), fc.string()).map(([kind, path, why]) => finding(kind, path, why)),
  )
  const parts = fc.array(
    fc.oneof(
      fc.constantFrom<PartReport>({state: 'programmed'}, {state: 'refused'}),
      fc.string().map((message): PartReport => ({state: 'failed', reason: 'Rejected', message})),
    ),
  )
  const reports = fc.array(fc.record<Report>({mesh: fc.constantFrom('istio', 'consul'), findings, parts}))
  fc.assert(
    fc.property(reports, (all) => {
      const turned = all.toReversed().map((each) => ({
        ...each,
        findings: each.findings.toReversed(),
        parts: each.parts.toReversed(),
      }))
      expect(statusOf(1, turned, [], early)).toEqual(statusOf(1, all, [], early))
    }),
  )
})
