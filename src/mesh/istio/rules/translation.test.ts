import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {featureNames} from '../../../intent/features.ts'
import type {ServiceIntent} from '../../../intent/intent.ts'
import type {Part} from '../../translation.ts'
import {isValues} from '../../values.ts'
import {arbitraryIntent, arbitraryMesh} from './arbitrary-intent.ts'
import {istioRuleMesh} from './index.ts'
import {namespaceParts, objectsOf, serviceParts, specOf} from './testing.ts'

const runs = {numRuns: 300}

describe('any intent', () => {
  test('comes to the same objects whatever the order of what has none', () => {
    fc.assert(
      fc.property(arbitraryIntent, arbitraryMesh, (intent, mesh) => {
        expect(objectsOf(serviceParts(shuffled(intent), mesh))).toEqual(objectsOf(serviceParts(intent, mesh)))
      }),
      runs,
    )
  })

  test('is written, or a finding refuses it', () => {
    fc.assert(
      fc.property(arbitraryIntent, arbitraryMesh, (intent, mesh) => {
        const parts = serviceParts(intent, mesh)
        for (const part of parts) {
          expect(part.sources).not.toEqual([])
          if (refuses(part)) expect(part.objects).toEqual([])
        }
        const {routes = [], subsets = [], breaker} = intent.traffic ?? {}
        const traffic = parts.find(({name}) => name === 'traffic')
        if (traffic !== undefined && !refuses(traffic)) {
          expect(specOf([traffic], 'VirtualService') !== undefined).toBe(routes.length > 0)
          if (subsets.length > 0 || breaker !== undefined) expect(specOf([traffic], 'DestinationRule')).toBeDefined()
        }
        const access = parts.find(({name}) => name === 'access')
        expect(access !== undefined).toBe(intent.access !== undefined)
        if (access !== undefined && !refuses(access)) {
          const actions = new Set(intent.access?.rules.map(({action}) => action))
          expect(access.objects).toHaveLength(actions.size)
        }
      }),
      runs,
    )
  })

  test('has weights that sum to 100, of subsets that there are', () => {
    fc.assert(
      fc.property(arbitraryIntent, (intent) => {
        const parts = serviceParts(intent)
        const names = listIn(specOf(parts, 'DestinationRule'), 'subsets').map(({name}) => name)
        expect(new Set(names).size).toBe(names.length)
        const spec = specOf(parts, 'VirtualService')
        for (const route of [...listIn(spec, 'http'), ...listIn(spec, 'tcp')]) {
          const shares = listIn(route, 'route')
          expect(shares).not.toEqual([])
          const weights = shares.map(({weight}) => Number(weight))
          if (shares.length > 1) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(100)
          for (const {destination} of shares) {
            if (isValues(destination) && 'subset' in destination) expect(names).toContain(destination['subset'])
          }
        }
      }),
      runs,
    )
  })

  test('with an ALLOW never comes to one that lets everybody in unasked', () => {
    fc.assert(
      fc.property(arbitraryIntent, (intent) => {
        const allowed = specOf(serviceParts(intent), 'AuthorizationPolicy', 'orders-allow')
        const open = intent.access?.rules.some(({action, from}) => action === 'ALLOW' && from.length === 0) === true
        for (const rule of listIn(allowed, 'rules')) {
          if (!open) expect(listIn(rule, 'from')).not.toEqual([])
        }
      }),
      runs,
    )
  })

  test('is plain JSON of kinds that may be written, in their order', () => {
    const order = istioRuleMesh.kinds.map(({kind}) => kind)
    fc.assert(
      fc.property(arbitraryIntent, arbitraryMesh, (intent, mesh) => {
        const parts = [...serviceParts(intent, mesh), ...namespaceParts(mesh)]
        for (const part of parts) {
          const ranks = part.objects.map(({object}) => order.indexOf(object.kind ?? ''))
          expect(ranks).not.toContain(-1)
          expect(ranks).toEqual(ranks.toSorted((one, other) => one - other))
        }
        for (const object of objectsOf(parts)) expect(JSON.parse(JSON.stringify(object))).toEqual(object)
      }),
      runs,
    )
  })
})

test('every feature has a word on what becomes of it', () => {
  for (const feature of featureNames) {
    expect(istioRuleMesh.capabilities[feature].note).toMatch(/^[A-Z].*\.$/)
  }
})

test('a mesh has nothing of its own: it would hold for namespaces that nobody put under this configuration', () => {
  const translator = istioRuleMesh.translator({mesh: {}})
  expect(translator.mesh({settings: {}, originOf: () => expect.fail('nothing is asked')})).toEqual([])
})

function refuses({findings}: Part): boolean {
  return findings.some(({kind}) => kind === 'refused')
}

function listIn(value: unknown, key: string) {
  const list = isValues(value) ? value[key] : undefined
  return Array.isArray(list) ? list.filter(isValues) : []
}

/** Everything backwards that means the same backwards: not routes and not their matches. */
function shuffled(intent: ServiceIntent): ServiceIntent {
  const {facts, traffic, access} = intent
  return {
    ...intent,
    ...(facts !== undefined && {
      facts: {...facts, ports: facts.ports.toReversed(), pods: facts.pods.toReversed()},
    }),
    ...(traffic !== undefined && {
      traffic: {
        ...traffic,
        subsets: traffic.subsets.toReversed(),
        routes: traffic.routes.map((route) => ({...route, backends: route.backends.toReversed()})),
      },
    }),
    ...(access !== undefined && {
      access: {
        rules: access.rules.toReversed().map((rule) => ({
          ...rule,
          from: rule.from.toReversed(),
          methods: rule.methods.toReversed(),
          paths: rule.paths.toReversed(),
        })),
      },
    }),
  }
}
