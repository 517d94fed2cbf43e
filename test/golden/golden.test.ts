import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {prepare} from '../../src/admission/prepare.ts'
import {admit, type AdmissionState} from '../../src/admission/review.ts'
import {Shapes} from '../../src/admission/shape.ts'
import {configurationSchema} from '../../src/config/schema.ts'
import {meshNames} from '../../src/mesh/mesh.ts'
import type {NamespaceFacts, Objects} from '../../src/mesh/objects.ts'
import type {KubeObject} from '../../src/mesh/pod.ts'
import {canonical, difference} from './equality.ts'

/** A pod or Service, the settings, and the object that the mesh's own injector made of it. */
interface Golden {
  readonly name: string
  readonly config: unknown
  readonly namespace: NamespaceFacts
  readonly objects?: readonly KubeObject[]
  readonly operation?: string
  readonly pod?: KubeObject
  readonly service?: KubeObject
  readonly allowed: boolean
  readonly result?: KubeObject
}

const shapes = new Shapes()

describe.each(meshNames)('the sidecar of %s equals its own injector’s', (mesh) => {
  const folder = join(import.meta.dirname, mesh)
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))

  test('the goldens are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(30)
  })

  test.each(files)('%s', (file) => {
    const golden: Golden = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    const given = golden.pod ?? golden.service
    const verdict = admit(
      {
        uid: 'golden',
        kind: golden.pod === undefined ? 'Service' : 'Pod',
        operation: golden.operation ?? 'CREATE',
        subResource: '',
        namespace: golden.namespace.name,
        object: given,
      },
      stateOf(golden),
    )
    expect(verdict.decision !== 'refused', verdict.reason).toBe(golden.allowed)
    if (golden.allowed) expect(difference(canonical(verdict.object), canonical(golden.result ?? given))).toEqual([])
  })
})

function stateOf({config, namespace, objects = []}: Golden): AdmissionState {
  const found: Objects = {
    get: (kind, inNamespace, name) =>
      objects.find((o) => o.kind === kind && (o.metadata?.namespace ?? '') === inNamespace && o.metadata?.name === name),
    namespace: (name) => (name === namespace.name ? namespace : undefined),
  }
  const preparation = prepare(configurationSchema.parse(config), found)
  if (!preparation.ok) throw new Error(preparation.problems.map(({path, message}) => `${path.join('.')}: ${message}`).join('\n'))
  return {base: preparation.prepared, environments: new Map(), objects: found, shapes, ownNamespace: 'meshwright-system'}
}
