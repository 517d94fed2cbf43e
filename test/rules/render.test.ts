import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {yamlStream} from '../../src/cli/render.ts'
import {ruleInput} from '../../src/cli/rule-input.ts'
import {translate, type Rendering} from '../../src/cli/rule-translation.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {isValues, type Values} from '../../src/mesh/values.ts'
import {needsShared} from '../shared.ts'
import {ruleSets, type Manifest} from './arbitrary-rules.ts'
import {CrdSchemas} from './crd-schemas.ts'

const runs = {numRuns: 60}

function render(manifests: readonly Manifest[], mesh: MeshName): Rendering {
  const text = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n')
  return translate(ruleInput([{name: 'rules.yaml', text}], [], 'default'), {mesh})
}

function keyOf({object: {apiVersion, kind, metadata}}: Rendering['objects'][number]): string {
  return `${apiVersion} ${kind} ${metadata?.namespace ?? ''}/${metadata?.name}`
}

describe.each(meshNames)('any valid rules for %s', (mesh) => {
  test('become objects, each once', () => {
    fc.assert(
      fc.property(ruleSets, (manifests) => {
        const keys = render(manifests, mesh).objects.map(keyOf)
        expect(keys).toEqual([...new Set(keys)])
      }),
      runs,
    )
  })

  test('become the same objects whatever the order of the documents', () => {
    const shuffled = ruleSets.chain((manifests) =>
      fc.tuple(fc.constant(manifests), fc.shuffledSubarray([...manifests], {minLength: manifests.length})),
    )
    fc.assert(
      fc.property(shuffled, ([manifests, others]) => {
        const [one, other] = [render(manifests, mesh), render(others, mesh)]
        expect(yamlStream(other.objects)).toBe(yamlStream(one.objects))
        expect(messages(other)).toEqual(messages(one))
      }),
      runs,
    )
  })

  test('split what they split into shares that sum to 100', () => {
    fc.assert(
      fc.property(ruleSets, (manifests) => {
        for (const {object} of render(manifests, mesh).objects) {
          for (const list of weighted(object)) expect(list.reduce((sum, weight) => sum + weight, 0)).toBe(100)
        }
      }),
      runs,
    )
  })

  test('leave nothing out without a finding', () => {
    fc.assert(
      fc.property(ruleSets, (manifests) => {
        const {objects, findings} = render(manifests, mesh)
        const bypassed = findings.filter(({kind}) => kind !== 'approximated')
        for (const {kind, metadata, spec} of manifests) {
          if (kind !== 'TrafficPolicy' || !isValues(spec) || spec['timeout'] === undefined) continue
          const isSaid = objects.some(({object}) => {
            const text = JSON.stringify(object)
            return text.includes(metadata.name.slice(0, 20)) && object.metadata?.namespace === metadata.namespace
          })
          const isTold = bypassed.some(({origin: {source}}) => source.name === metadata.name)
          expect(isSaid || isTold).toBe(true)
        }
      }),
      runs,
    )
  })
})

needsShared("the meshes' own CRDs", (shared) => {
  const schemas = new CrdSchemas(join(shared, 'crds'))

  test.each(meshNames)('take whatever valid rules become on %s', (mesh) => {
    fc.assert(
      fc.property(ruleSets, (manifests) => {
        for (const {object} of render(manifests, mesh).objects) {
          const faults = schemas.faults(object) ?? (object.kind === 'Service' ? [] : [`unknown kind ${object.kind}`])
          expect(faults, JSON.stringify(object, null, 2)).toEqual([])
        }
      }),
      runs,
    )
  })

  test('would not take anything else', () => {
    const route = {apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: {name: 'a', namespace: 'b'}}
    expect(schemas.faults({...route, spec: {hosts: ['a']}})).toEqual([])
    expect(schemas.faults({...route, spec: {hosts: 'a'}})).not.toEqual([])
    expect(schemas.faults({...route, spec: {host: ['a']}})).not.toEqual([])
    expect(schemas.faults({...route, metadata: {name: 'a'}})).not.toEqual([])
    expect(schemas.faults({...route, kind: 'VirtualServices'})).toBeUndefined()
  })
})

/** Without what the order of the documents moves: the lines. */
function messages({findings}: Rendering): string[] {
  return findings
    .map(({kind, code, feature, origin: {source, path}, message}) =>
      JSON.stringify([kind, code, feature, source, path, message.replace(/rules\.yaml:\d+:\d+/g, 'another place')]),
    )
    .toSorted()
}

/** Every list of an object whose items have weights, as these weights. */
function* weighted(value: unknown): Generator<number[]> {
  if (Array.isArray(value)) {
    const weights = value.map((item) => (isValues(item) ? item['weight'] : undefined))
    if (value.length > 0 && weights.every((weight) => typeof weight === 'number')) yield weights
  }
  for (const below of childrenOf(value)) yield* weighted(below)
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return isValues(value) ? Object.values(value satisfies Values) : []
}
