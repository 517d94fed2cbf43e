import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {Match, Route, ServiceIntent} from '../../../intent/intent.ts'
import {featureNames} from '../../../intent/features.ts'
import {isValues, type Values} from '../../values.ts'
import {serviceIntent} from './arbitrary.ts'
import {backend, match, objectsOf, route, specOf, subset, traffic, translator, intent} from './fixture.ts'
import {consulRuleMesh} from './index.ts'
import {orderOfApplication} from './kinds.ts'

const mesh = translator()

test('every feature has its capability, in one sentence', () => {
  expect(Object.keys(consulRuleMesh.capabilities).toSorted()).toEqual(featureNames.toSorted())
  for (const {note} of Object.values(consulRuleMesh.capabilities)) expect(note).toMatch(/^[A-Z].*\.$/)
})

test('every intent becomes parts whose objects stand in the order that Consul needs, or a refusal', () => {
  const rank = new Map(orderOfApplication.map(({kind}, index) => [kind, index]))
  fc.assert(
    fc.property(serviceIntent, (wanted) => {
      for (const part of mesh.service(wanted)) {
        const isRefused = part.findings.some(({kind}) => kind === 'refused')
        if (isRefused) expect(part.objects).toEqual([])
        const ranks = part.objects.map(({object}) => rank.get(object.kind ?? '') ?? -1)
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
        expect(ranks).not.toContain(-1)
      }
    }),
  )
})

test('every wish has a part that answers it', () => {
  fc.assert(
    fc.property(serviceIntent, (wanted) => {
      const parts = mesh.service(wanted)
      const names = new Set(parts.map(({name}) => name))
      expect(names.has('access')).toBe(wanted.access !== undefined)
      expect(names.has('breaker')).toBe(wanted.traffic?.breaker !== undefined)
      expect(names.has('registration')).toBe(wanted.registration !== undefined)
      for (const {findings, sources} of parts) {
        for (const {origin, message} of findings) {
          expect(sources).toContainEqual(origin.source)
          expect(message).toMatch(/^\S.*[^.\s]$/)
        }
      }
    }),
  )
})

test('every object is named once', () => {
  fc.assert(
    fc.property(serviceIntent, (wanted) => {
      const names = objectsOf(mesh.service(wanted)).map(({kind, metadata}) => `${kind} ${metadata?.name}`)
      expect(names).toEqual([...new Set(names)])
    }),
  )
})

test('no two places share a value, which YAML would print as an anchor', () => {
  fc.assert(
    fc.property(serviceIntent, (wanted) => {
      const seen = new Set<unknown>()
      const visit = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return
        expect(seen.has(value)).toBe(false)
        seen.add(value)
        for (const inner of Object.values(value)) visit(inner)
      }
      for (const {spec} of objectsOf(mesh.service(wanted))) visit(spec)
    }),
  )
})

test('every splitter has two shares at least, each target once, and sums to 100', () => {
  fc.assert(
    fc.property(serviceIntent, (wanted) => {
      for (const splits of splitsOf(wanted)) {
        const targets = splits.map((split) => JSON.stringify({...split, weight: undefined}))
        expect(targets.length).toBeGreaterThan(1)
        expect(targets).toEqual([...new Set(targets)])
        expect(splits.reduce((sum, {weight}) => sum + Number(weight), 0)).toBe(100)
      }
    }),
  )
})

function splitsOf(wanted: ServiceIntent): readonly (readonly Values[])[] {
  return objectsOf(mesh.service(wanted))
    .filter(({kind}) => kind === 'ServiceSplitter')
    .map((object) => listOf(isValues(object['spec']) ? object['spec']['splits'] : undefined))
}

test('the same comes of the same, whatever the order of what has none', () => {
  fc.assert(
    fc.property(serviceIntent, (wanted) => {
      expect(JSON.stringify(mesh.service(reversed(wanted)))).toBe(JSON.stringify(mesh.service(wanted)))
    }),
  )
})

/** The same wishes with everything the other way round that has no order of its own. */
function reversed({traffic, access, calls, facts, ...rest}: ServiceIntent): ServiceIntent {
  return {
    ...rest,
    calls: calls.toReversed(),
    ...(facts !== undefined && {facts: {...facts, pods: facts.pods.toReversed()}}),
    ...(access !== undefined && {
      access: {
        rules: access.rules.map((rule) => ({
          ...rule,
          from: rule.from.toReversed(),
          methods: rule.methods.toReversed(),
          paths: rule.paths.toReversed(),
        })),
      },
    }),
    ...(traffic !== undefined && {
      traffic: {
        ...traffic,
        subsets: traffic.subsets.toReversed(),
        callers: traffic.callers.toReversed(),
        routes: traffic.routes.map((route) => ({...route, backends: route.backends.toReversed()})),
      },
    }),
  }
}

/** A request as a route sees it. */
interface Request {
  readonly path: string
  readonly method: string
  readonly user: string | undefined
}

/** What a match means, whatever the mesh: prefixes by whole elements, expressions over the whole text. */
function isMeant({path, method, headers}: Match, request: Request): boolean {
  return (
    (path === undefined ||
      (path.kind === 'exact'
        ? request.path === path.value
        : `${request.path}/`.startsWith(`${path.value.replace(/\/+$/, '')}/`))) &&
    (method === undefined || method === request.method) &&
    headers.every(({kind, value}) => (kind === 'present' ? request.user !== undefined : request.user === value))
  )
}

/** Shares in percent by version, `all` for no version. */
function meantShares(routes: readonly Route[], request: Request): Readonly<Record<string, number>> {
  const found = routes.find(({matches}) => matches.length === 0 || matches.some((one) => isMeant(one, request)))
  return sharesBy(found?.backends.map(({subset = 'all', weight}) => [subset, weight] as const) ?? [['all', 100]])
}

/** What Envoy does with Consul's entries: the first route that fits, then the splitter of its service, if any. */
function shares(wanted: ServiceIntent, request: Request): Readonly<Record<string, number>> {
  const parts = mesh.service(wanted)
  const routes = listOf(specOf(parts, 'ServiceRouter', 'order-service')?.['routes'])
  const found = routes.find(({match}) => fits(isValues(match) ? match['http'] : undefined, request))
  const {service = 'order-service', serviceSubset} = isValues(found?.['destination']) ? found['destination'] : {}
  if (typeof serviceSubset === 'string') return sharesBy([[serviceSubset, 100]])
  const splits = listOf(specOf(parts, 'ServiceSplitter', String(service))?.['splits'])
  if (splits.length === 0) return sharesBy([['all', 100]])
  // A share of the service under its own name in another splitter would pass through its split again.
  return sharesBy(
    splits.map(
      ({serviceSubset, weight}) => [typeof serviceSubset === 'string' ? serviceSubset : 'all', Number(weight)] as const,
    ),
  )
}

function fits(http: unknown, {path, method, user}: Request): boolean {
  if (!isValues(http)) return true
  const {pathExact, pathPrefix, methods, header} = http
  return (
    (pathExact === undefined || pathExact === path) &&
    (typeof pathPrefix !== 'string' || path.startsWith(pathPrefix)) &&
    (!Array.isArray(methods) || methods.includes(method)) &&
    listOf(header).every(({present, exact}) => (present === true ? user !== undefined : exact === user))
  )
}

function sharesBy(pairs: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>()
  for (const [name, weight] of pairs) sums.set(name, (sums.get(name) ?? 0) + weight)
  return Object.fromEntries(sums)
}

function listOf(value: unknown): readonly Values[] {
  return Array.isArray(value) ? value.filter(isValues) : []
}

test('requests go where the routes mean them to', () => {
  const paths = ['/', '/api', '/api/x', '/apiary', '/other']
  const path = fc.record({
    kind: fc.constantFrom('prefix' as const, 'exact' as const),
    value: fc.constantFrom(...paths, '/api/'),
  })
  const header = fc.record({
    name: fc.constant('x-user'),
    kind: fc.constantFrom('exact' as const, 'present' as const),
    value: fc.constant('qa'),
  })
  const some = fc
    .record({
      path: fc.option(path, {nil: undefined}),
      method: fc.option(fc.constantFrom('GET', 'POST'), {nil: undefined}),
      headers: fc.array(header, {maxLength: 1}),
    })
    .map(({path, method, headers}) =>
      match({headers, ...(path !== undefined && {path}), ...(method !== undefined && {method})}),
    )
  const backends = fc
    .tuple(
      fc.constantFrom(undefined, 'v1', 'v2'),
      fc.constantFrom(undefined, 'v1', 'v2'),
      fc.integer({min: 0, max: 100}),
    )
    .map(([one, other, weight]) => [backend(one, weight), backend(other, 100 - weight)])
  const routes = fc
    .tuple(fc.array(fc.tuple(fc.array(some, {minLength: 1, maxLength: 2}), backends), {maxLength: 3}), backends)
    .map(([before, rest]) => [
      ...before.map(([matches, backends]) => route({matches, backends})),
      route({backends: rest}),
    ])
  const request = fc.record({
    path: fc.constantFrom(...paths, '/api/'),
    method: fc.constantFrom('GET', 'POST'),
    user: fc.constantFrom(undefined, 'qa', 'other'),
  })
  fc.assert(
    fc.property(routes, request, (routes, one) => {
      const wanted = intent({traffic: traffic({subsets: [subset('v1'), subset('v2')], routes})})
      expect(shares(wanted, one)).toEqual(meantShares(routes, one))
    }),
    {numRuns: 1000},
  )
})
