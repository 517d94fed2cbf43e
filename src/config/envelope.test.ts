import {describe, expect, test} from 'vitest'
import {loadConfiguration} from './load.ts'
import {formatProblem} from './problem.ts'

function outcome(text: string): unknown {
  const result = loadConfiguration([{file: 'm.yaml', text}])
  if (!result.ok) return result.problems.map(formatProblem)
  const resolution = result.loaded.resolve()
  return resolution.ok ? resolution.resolved.configuration.mesh : resolution.problems
}

describe('a MeshConfig', () => {
  test('holds a configuration in its spec', () => {
    expect(
      outcome(
        'apiVersion: meshwright.dev/v1alpha1\nkind: MeshConfig\nmetadata: {name: default}\nspec: {mesh: {type: linkerd}}\n',
      ),
    ).toEqual({type: 'linkerd'})
  })

  test('may be empty', () => {
    expect(outcome('apiVersion: meshwright.dev/v1alpha1\nkind: MeshConfig\n')).toEqual({type: 'istio'})
  })

  test('is told apart from strangers', () => {
    expect(outcome('kind: MeshConfig\napiVersion: other.io/v1\n')).toEqual([
      'm.yaml:2:13 MW4008 apiVersion of a MeshConfig is meshwright.dev/v1alpha1, found "other.io/v1"',
    ])
    expect(outcome('kind: Deployment\n')).toEqual([
      'm.yaml:1:7 MW4008 kind "Deployment" is not a configuration; give a configuration itself, a ConfigMap or a MeshConfig',
    ])
    expect(outcome('apiVersion: meshwright.dev/v1alpha1\nkind: MeshConfig\nmesh: {}\n')).toEqual([
      'm.yaml:3:1 MW4003 unknown key "mesh" in a MeshConfig; settings stand in spec',
    ])
  })
})

describe('a ConfigMap', () => {
  test('holds configurations in its data, which patch each other in the order of their keys', () => {
    expect(
      outcome(
        'kind: ConfigMap\ndata:\n  b.yaml: |\n    mesh: {type: consul}\n  a.yaml: "mesh: {type: linkerd, autoInject: true}"\n',
      ),
    ).toEqual({type: 'consul', autoInject: true})
  })

  test('may hold a MeshConfig', () => {
    const inner = 'apiVersion: meshwright.dev/v1alpha1\n    kind: MeshConfig\n    spec: {mesh: {type: consul}}'
    expect(outcome(`kind: ConfigMap\ndata:\n  mesh.yaml: |\n    ${inner}\n`)).toEqual({type: 'consul'})
  })

  test.each([
    ['|', 'kind: ConfigMap\ndata:\n  mesh.yaml: |\n\n    mesh:\n      typ: istio\n', 'm.yaml:6:7'],
    ['|-', 'data:\n    mesh.yaml: |-\n        mesh: {typ: istio}\nkind: ConfigMap\n', 'm.yaml:3:16'],
    ['|2', 'data:\n  mesh.yaml: |2\n    mesh: {typ: istio}\nkind: ConfigMap\n', 'm.yaml:3:12'],
  ])('places a mistake in a block (%s) on the line of the file', (_, text, place) => {
    expect(outcome(text)).toEqual([`${place} MW4003 unknown key mesh.typ; did you mean type?`])
  })

  test('places a mistake in quoted text on the line of that text', () => {
    expect(outcome('kind: ConfigMap\ndata: {mesh.yaml: "mesh:\\n  typ: istio"}\n')).toEqual([
      'm.yaml (data.mesh.yaml):2:3 MW4003 unknown key mesh.typ; did you mean type?',
    ])
  })

  test('without text in its data is refused', () => {
    expect(outcome('kind: ConfigMap\n')).toEqual([
      'm.yaml:1:1 MW4008 the ConfigMap has no data; put the configuration under data',
    ])
    expect(outcome('kind: ConfigMap\ndata: {a: {}}\n')).toEqual([
      'm.yaml:2:11 MW4008 data.a must be text that holds a configuration',
    ])
  })
})
