import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {Access, AccessRule} from '../../../intent/intent.ts'
import {isValues, type Values} from '../../values.ts'
import {accessOf} from './arbitrary.ts'
import {from, fromNamespace, intent, partOf, rule, specOf, translator, verdicts} from './fixture.ts'

const enterprise = {consul: {values: {global: {enableConsulNamespaces: true}}}}
const service = (rules: readonly AccessRule[], mesh = {}) => translator(mesh).service(intent({access: {rules}}))
const sources = (rules: readonly AccessRule[], mesh = {}) =>
  specOf(service(rules, mesh), 'ServiceIntentions')?.['sources']
const turnedAway = {name: '*', action: 'deny'}
const restOf = (action: string) => ({action, http: {pathPrefix: '/'}})

test('who is allowed is named, and everybody else is turned away', () => {
  const parts = service([rule('ALLOW', [from('web'), from('mobile')])])
  expect(specOf(parts, 'ServiceIntentions')).toEqual({
    destination: {name: 'order-service'},
    sources: [{name: 'mobile', action: 'allow'}, {name: 'web', action: 'allow'}, turnedAway],
  })
  expect(verdicts(parts)).toEqual([])
})

test('who is denied is named, and nobody else is spoken of', () => {
  expect(sources([rule('DENY', [from('web')])])).toEqual([{name: 'web', action: 'deny'}])
})

test('a denial outranks what allows the same caller', () => {
  expect(sources([rule('ALLOW', [from('web')]), rule('DENY', [from('web')])])).toEqual([
    {name: 'web', action: 'deny'},
    turnedAway,
  ])
})

test('methods and paths are permissions with an end', () => {
  const wishes = {methods: ['POST', 'GET'], paths: ['/orders*', '/health']}
  expect(sources([rule('ALLOW', [from('web')], wishes)])).toEqual([
    {
      name: 'web',
      permissions: [
        {action: 'allow', http: {pathExact: '/health', methods: ['GET', 'POST']}},
        {action: 'allow', http: {pathPrefix: '/orders', methods: ['GET', 'POST']}},
        restOf('deny'),
      ],
    },
    turnedAway,
  ])
})

test('a denial of some paths goes before everything that is allowed', () => {
  expect(sources([rule('ALLOW', [from('web')]), rule('DENY', [], {paths: ['/admin*']})])).toEqual([
    {name: 'web', permissions: [{action: 'deny', http: {pathPrefix: '/admin'}}, restOf('allow')]},
    turnedAway,
  ])
})

test('what is for everybody is for those who are named too', () => {
  expect(sources([rule('ALLOW', [], {paths: ['/health']}), rule('ALLOW', [from('web')], {methods: ['GET']})])).toEqual([
    {
      name: 'web',
      permissions: [
        {action: 'allow', http: {pathExact: '/health'}},
        {action: 'allow', http: {methods: ['GET']}},
        restOf('deny'),
      ],
    },
    {name: '*', permissions: [{action: 'allow', http: {pathExact: '/health'}}, restOf('deny')]},
  ])
})

test('the path * is every path', () => {
  expect(sources([rule('ALLOW', [from('web')], {paths: ['/a', '*']})])).toEqual([
    {name: 'web', action: 'allow'},
    turnedAway,
  ])
})

test('callers in other namespaces are named as they are, unless two have one name', () => {
  expect(sources([rule('ALLOW', [from('web', 'billing')])])).toEqual([{name: 'web', action: 'allow'}, turnedAway])
  for (const peers of [[from('web'), from('web', 'billing')], [from('order-service', 'billing')]]) {
    const {objects, findings} = partOf(service([rule('ALLOW', peers)]), 'access')
    expect(objects).toEqual([])
    expect(findings).toMatchObject([{kind: 'refused', code: 'MW6301', feature: 'allow-service'}])
  }
})

test('a namespace as a caller is refused, whatever it is given', () => {
  expect(partOf(service([rule('ALLOW', [fromNamespace('billing')])]), 'access').findings).toMatchObject([
    {kind: 'refused', code: 'MW6340', feature: 'allow-namespace'},
  ])
  expect(partOf(service([rule('DENY', [fromNamespace('billing')])]), 'access').findings).toMatchObject([
    {kind: 'refused', code: 'MW6340', feature: 'deny'},
  ])
})

test("with Consul Enterprise's mirroring a namespace is a source, and what it is given its services are given", () => {
  const rules = [rule('ALLOW', [fromNamespace('billing')]), rule('DENY', [from('cron', 'billing')], {methods: ['PUT']})]
  const parts = service(rules, enterprise)
  expect(specOf(parts, 'ServiceIntentions')).toEqual({
    destination: {name: 'order-service', namespace: 'shop'},
    sources: [
      {name: '*', namespace: 'billing', action: 'allow'},
      {name: 'cron', namespace: 'billing', permissions: [{action: 'deny', http: {methods: ['PUT']}}, restOf('allow')]},
      {name: '*', namespace: '*', action: 'deny'},
    ],
  })
})

test('with ACLs a rule that only denies opens nothing, and that is told', () => {
  const acls = {consul: {values: {global: {acls: {manageSystemACLs: true}}}}}
  expect(verdicts(service([rule('DENY', [from('web')])], acls))).toEqual(['approximated MW6342'])
  expect(verdicts(service([rule('ALLOW', [from('web')])], acls))).toEqual([])
})

test.each<[string, Partial<AccessRule>, string]>([
  ['a method that Consul does not know', {methods: ['PURGE']}, 'MW6313'],
  ['a path without /', {paths: ['admin']}, 'MW6313'],
])('%s is refused', (_, wishes, code) => {
  expect(verdicts(service([rule('DENY', [], wishes)]))).toEqual([`refused ${code}`])
})

test('methods and paths of tcp are refused, callers are not', () => {
  const tcp = (wishes: Partial<AccessRule>) =>
    verdicts(translator().service(intent({protocol: 'tcp', access: {rules: [rule('ALLOW', [from('web')], wishes)]}})))
  expect(tcp({methods: ['GET']})).toEqual(['refused MW6341'])
  expect(tcp({})).toEqual([])
})

/** A call as a rule sees it. */
interface Request {
  readonly caller: string
  readonly method: string
  readonly path: string
}

/** What rules mean, whatever the mesh: a denial outranks all; where something is allowed, nothing else is. */
function isMeant({rules}: Access, {caller, method, path}: Request): boolean {
  const fitting = rules.filter(
    ({from, methods, paths}) =>
      (from.length === 0 || from.some((peer) => peer.kind === 'service' && peer.service.name === caller)) &&
      (methods.length === 0 || methods.includes(method)) &&
      (paths.length === 0 ||
        paths.some((one) => (one.endsWith('*') ? path.startsWith(one.slice(0, -1)) : one === path))),
  )
  if (fitting.some(({action}) => action === 'DENY')) return false
  return fitting.length > 0 || rules.every(({action}) => action === 'DENY')
}

/** What Consul does: the most exact source, its first fitting permission, else the default, which is to allow. */
function isLet(spec: Values | undefined, {caller, method, path}: Request): boolean {
  const sources = listOf(spec?.['sources'])
  const source = sources.find(({name}) => name === caller) ?? sources.find(({name}) => name === '*')
  if (source === undefined) return true
  if (typeof source['action'] === 'string') return source['action'] === 'allow'
  const permission = listOf(source['permissions']).find(({http}) => {
    if (!isValues(http)) return false
    const {pathExact, pathPrefix, methods} = http
    return (
      (pathExact === undefined || pathExact === path) &&
      (typeof pathPrefix !== 'string' || path.startsWith(pathPrefix)) &&
      (!Array.isArray(methods) || methods.includes(method))
    )
  })
  return permission === undefined || permission['action'] === 'allow'
}

function listOf(value: unknown): readonly Values[] {
  return Array.isArray(value) ? value.filter(isValues) : []
}

test('Consul lets through whom the rules mean, and nobody else', () => {
  const paths = ['/', '/api', '/api/x', '/health']
  const rules = accessOf(
    fc.constantFrom('web', 'mobile', 'cron').map((name) => from(name)),
    fc.constantFrom('GET', 'POST'),
    fc.constantFrom(...paths, '/api*', '/*', '*'),
  )
  const request = fc.record({
    caller: fc.constantFrom('web', 'mobile', 'cron', 'stranger'),
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.constantFrom(...paths),
  })
  fc.assert(
    fc.property(rules, request, (access, one) => {
      const spec = specOf(translator().service(intent({access})), 'ServiceIntentions')
      expect(isLet(spec, one)).toBe(isMeant(access, one))
    }),
    {numRuns: 1000},
  )
})
