import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {KubeObject} from '../mesh/pod.ts'
import type {Desired, Part, RuleFinding} from '../mesh/translation.ts'
import {isMap} from './fields.ts'
import {liveObject, type LiveObject} from './live.ts'
import {planOf, strictly, type Application, type Plan} from './plan.ts'

const unit = 'service/shop/orders'
const kinds = ['DestinationRule', 'VirtualService', 'AuthorizationPolicy', 'Service']
const order = ({kind = ''}: {readonly kind?: string}) => kinds.indexOf(kind)

function object(kind: string, spec: object, name = 'orders'): KubeObject {
  return {apiVersion: 'mesh.example/v1', kind, metadata: {name, namespace: 'shop'}, spec}
}

function part(name: string, objects: readonly (KubeObject | Desired)[], findings: readonly RuleFinding[] = []): Part {
  const desired = objects.map((each): Desired => ('mode' in each ? (each as Desired) : {object: each, mode: 'own'}))
  return {name, sources: [], objects: desired, findings}
}

const source = {kind: 'TrafficPolicy', namespace: 'shop', name: 'orders'} as const

function finding(kind: RuleFinding['kind']): RuleFinding {
  const origin = {source, path: 'spec.timeout', place: 'TrafficPolicy shop/orders spec.timeout'}
  return {kind, code: 'MW6001', feature: 'timeout', origin, message: 'why'}
}

/** What the API server would store and tell us of: every field ours, the rest filled in by `defaults`. */
function stored({object}: Application, defaults: (value: unknown) => unknown = (value) => value): KubeObject {
  const {apiVersion = '', kind = '', metadata, ...rest} = object
  const {name = '', namespace = '', ...marks} = metadata ?? {}
  const fields = {...setOf(rest), 'f:metadata': setOf(marks)}
  const managed = [{manager: 'meshwright', operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1: fields}]
  const uid = `${kind}-${name}`
  const filled = defaults(rest)
  return {
    ...(isMap(filled) ? filled : {}),
    apiVersion,
    kind,
    metadata: {...marks, name, namespace, uid, managedFields: managed},
  }
}

/** Lists are whole values, as in a custom resource without list types. */
function setOf(value: unknown): object {
  if (!isMap(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [`f:${key}`, setOf(below)]))
}

function live(applications: readonly Application[], defaults?: (value: unknown) => unknown): LiveObject[] {
  return applications.map((each) => liveObject(stored(each, defaults))).filter((found) => found !== undefined)
}

const names = (plan: Plan) => ({
  apply: plan.apply.map(({object}) => object.kind),
  remove: plan.remove.map(({live, how}) => `${how} ${live.kind}`),
  current: plan.current.map(({object}) => object.kind),
})

const traffic = part('traffic', [
  object('VirtualService', {http: [{timeout: '5s'}]}),
  object('DestinationRule', {a: 1}),
])
const access = part('access', [object('AuthorizationPolicy', {rules: [{}]})])

describe('a plan', () => {
  test("applies everything in the mesh's order where there is nothing yet", () => {
    expect(names(planOf(unit, [access, traffic], [], order))).toEqual({
      apply: ['DestinationRule', 'VirtualService', 'AuthorizationPolicy'],
      remove: [],
      current: [],
    })
  })

  test('writes nothing where nothing differs', () => {
    const {apply} = planOf(unit, [traffic, access], [], order)
    expect(names(planOf(unit, [access, traffic], live(apply), order))).toMatchObject({apply: [], remove: []})
  })

  test('writes nothing where only defaults were filled in, within lists too', () => {
    const {apply} = planOf(unit, [traffic], [], order)
    const defaulted = live(apply, (rest) => {
      const filled = structuredClone(rest) as {spec: {http?: object[]; mode?: string}}
      filled.spec.mode = 'default'
      for (const route of filled.spec.http ?? []) Object.assign(route, {match: [{path: '/'}]})
      return filled
    })
    expect(names(planOf(unit, [traffic], defaulted, order))).toMatchObject({apply: [], remove: []})
  })

  test('applies what is wanted otherwise, also where only something in a list is left out', () => {
    const {apply} = planOf(
      unit,
      [part('traffic', [object('VirtualService', {http: [{timeout: '5s', retries: 3}]})])],
      [],
      order,
    )
    const now = part('traffic', [object('VirtualService', {http: [{timeout: '5s'}]})])
    const plan = planOf(unit, [now], live(apply), order)
    expect(names(plan)).toMatchObject({apply: ['VirtualService']})
    expect(plan.apply[0]?.live?.uid).toBe('VirtualService-orders')
  })

  test('applies again what somebody changed by hand', () => {
    const {apply} = planOf(unit, [traffic], [], order)
    const changed = live(apply, (rest) => {
      const copy = structuredClone(rest) as {spec: {a?: number}}
      if (copy.spec.a !== undefined) copy.spec.a = 2
      return copy
    })
    expect(names(planOf(unit, [traffic], changed, order)).apply).toEqual(['DestinationRule'])
  })

  test('applies again where somebody else now owns a field of ours, or added one', () => {
    const [first] = planOf(unit, [part('traffic', [object('DestinationRule', {a: 1, b: 2})])], [], order).apply
    if (first === undefined) throw new Error('nothing to apply')
    const before = stored(first)
    const taken = structuredClone(before) as {metadata: {managedFields: {fieldsV1: {'f:spec': object}}[]}}
    Object.assign(taken.metadata.managedFields[0]?.fieldsV1 ?? {}, {'f:spec': {'f:a': {}}})
    const added = structuredClone(before) as {metadata: {managedFields: object[]}}
    added.metadata.managedFields.push({manager: 'edit', operation: 'Update', fieldsV1: {'f:spec': {'f:c': {}}}})
    const wanted = [part('traffic', [object('DestinationRule', {a: 1, b: 2})])]
    for (const found of [taken, added]) {
      const seen = liveObject(found)
      expect(names(planOf(unit, wanted, seen === undefined ? [] : [seen], order)).apply).toEqual(['DestinationRule'])
    }
  })

  test('removes what is wanted no longer, in the reverse order', () => {
    const {apply} = planOf(unit, [traffic, access], [], order)
    expect(names(planOf(unit, [], live(apply), order)).remove).toEqual([
      'delete AuthorizationPolicy',
      'delete VirtualService',
      'delete DestinationRule',
    ])
  })

  test('leaves the last good objects of a refused part alone, and goes on with the others', () => {
    const {apply} = planOf(unit, [traffic, access], [], order)
    const refused = part('traffic', [], [finding('refused')])
    const plan = planOf(
      unit,
      [refused, part('access', [object('AuthorizationPolicy', {rules: []})])],
      live(apply),
      order,
    )
    expect(names(plan)).toEqual({apply: ['AuthorizationPolicy'], remove: [], current: []})
  })

  test('writes nothing of a refused part though it names objects', () => {
    const refused = part('traffic', [object('VirtualService', {})], [finding('approximated'), finding('refused')])
    expect(names(planOf(unit, [refused], [], order)).apply).toEqual([])
  })

  test('holds what it is told to hold', () => {
    const {apply} = planOf(unit, [traffic], [], order)
    const isHeld = ({kind}: LiveObject) => kind === 'VirtualService'
    expect(names(planOf(unit, [], live(apply), order, isHeld)).remove).toEqual(['delete DestinationRule'])
  })

  test('does not delete twice what waits for a finalizer', () => {
    const {apply} = planOf(unit, [access], [], order)
    const leaving = live(apply).map((found) => ({...found, leaving: true}))
    expect(names(planOf(unit, [], leaving, order)).remove).toEqual([])
  })

  test('moves to another mesh: the new objects first, then away with the old', () => {
    const {apply} = planOf(unit, [traffic], [], order)
    const plan = planOf(unit, [part('traffic', [object('Service', {})])], live(apply), order)
    expect(names(plan)).toMatchObject({apply: ['Service'], remove: ['delete VirtualService', 'delete DestinationRule']})
  })

  test('puts what several parts say of one object into one application', () => {
    const annotate = (key: string): Desired => ({
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {name: 'orders', namespace: 'shop', annotations: {[key]: '1'}},
      },
      mode: 'contribute',
    })
    const {apply} = planOf(unit, [part('traffic', [annotate('a')]), part('defaults', [annotate('b')])], [], order)
    expect(apply).toHaveLength(1)
    expect(apply[0]?.object.metadata).toMatchObject({
      annotations: {a: '1', b: '1', 'meshwright.dev/unit': unit},
      labels: {'meshwright.dev/part': 'defaults.traffic'},
    })
    const refused = part('traffic', [], [finding('refused')])
    const plan = planOf(unit, [refused, part('defaults', [annotate('c')])], live(apply), order)
    expect(names(plan)).toEqual({apply: [], remove: [], current: []})
  })

  test("withdraws from somebody else's object, and deletes a shared one only while nobody else is in it", () => {
    const shared = (mode: Desired['mode']) => part('defaults', [{object: object('Service', {a: 1}), mode}])
    const contributed = live(planOf(unit, [shared('contribute')], [], order).apply)
    expect(names(planOf(unit, [], contributed, order)).remove).toEqual(['withdraw Service'])
    const ours = live(planOf(unit, [shared('share')], [], order).apply)
    expect(names(planOf(unit, [], ours, order)).remove).toEqual(['delete Service'])
    const touched = ours.map((found) => ({...found, touched: true}))
    expect(names(planOf(unit, [shared('share')], touched, order))).toMatchObject({apply: [], remove: []})
    expect(names(planOf(unit, [], touched, order)).remove).toEqual(['withdraw Service'])
  })
})

describe('mesh.strict', () => {
  test('refuses a part of which anything is lost, and no other', () => {
    const [first, second] = strictly([part('traffic', [object('Service', {})], [finding('ignored')]), access])
    expect(first).toMatchObject({objects: [], findings: [{kind: 'refused', message: 'why'}]})
    expect(second).toBe(access)
  })
})

describe('whatever is wanted', () => {
  const specs = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,6}$/),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.dictionary(fc.string(), fc.string()))),
  )
  const wishes = fc.uniqueArray(fc.record({kind: fc.constantFrom(...kinds), spec: specs}), {selector: ({kind}) => kind})
  const partOf = (wish: readonly {kind: string; spec: object}[]) => [
    part(
      'traffic',
      wish.map(({kind, spec}) => object(kind, spec)),
    ),
  ]

  test('carrying out a plan leaves nothing to do, and any other wish differs', () => {
    fc.assert(
      fc.property(wishes, wishes, (before, after) => {
        const first = planOf(unit, partOf(before), [], order)
        const settled = live(first.apply)
        expect(names(planOf(unit, partOf(before), settled, order))).toMatchObject({apply: [], remove: []})
        const next = planOf(unit, partOf(after), settled, order)
        const left = settled.filter(({kind}) => !next.remove.some(({live}) => live.kind === kind))
        const applied = live(next.apply)
        const now = [...left.filter(({kind}) => !applied.some((each) => each.kind === kind)), ...applied]
        expect(now.map(({kind}) => kind).sort()).toEqual(after.map(({kind}) => kind).sort())
        expect(names(planOf(unit, partOf(after), now, order))).toMatchObject({apply: [], remove: []})
      }),
    )
  })

  test('the order in which parts and objects are given does not matter', () => {
    fc.assert(
      fc.property(wishes, (wish) => {
        const forwards = planOf(unit, partOf(wish), [], order)
        expect(planOf(unit, partOf(wish.toReversed()), [], order)).toEqual(forwards)
      }),
    )
  })
})
