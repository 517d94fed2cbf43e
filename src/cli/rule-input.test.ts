import {describe, expect, it} from 'vitest'
import {at} from '../config/tree.ts'
import {Failure} from './failure.ts'
import {ruleInput} from './rule-input.ts'

const policy = `apiVersion: meshwright.dev/v1alpha1
kind: TrafficPolicy
metadata: {name: orders}
spec:
  service: orders
  timeout: 5s
`
const read = (text: string, ...patches: {file: string; text: string}[]) =>
  ruleInput([{name: 'rules.yaml', text}], patches, 'shop')

/** The sentence that a mistake is told in. */
function failure(text: string): string {
  try {
    read(text)
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
  return ''
}

describe('rules', () => {
  it('know the line of each of their parts', () => {
    const [one, two] = read(`---\n# first\n${policy}---\n${policy.replace('orders}', 'others}')}`).objects
    expect(at(one?.places, ['spec', 'timeout'])?.place).toEqual({file: 'rules.yaml', line: 8, column: 12})
    expect(at(two?.places, ['spec', 'timeout'])?.place).toEqual({file: 'rules.yaml', line: 15, column: 12})
  })

  it('know their lines in a List too', () => {
    const items = policy.replace(/^/gm, '    ').replace('    apiVersion', '  - apiVersion').trimEnd()
    const [one] = read(`apiVersion: v1\nkind: List\nitems:\n${items}\n`).objects
    expect(one?.object.kind).toBe('TrafficPolicy')
    expect(at(one?.places, ['spec', 'timeout'])?.place?.line).toBe(9)
  })

  it('stand in the namespace of the command line where they name none', () => {
    expect(read(policy).objects[0]?.object.metadata).toEqual({name: 'orders', namespace: 'shop'})
  })

  it('tell which of two with one name counts', () => {
    expect(read(`${policy}---\n${policy}`).remarks).toEqual([
      'rules.yaml:8: TrafficPolicy shop/orders takes the place of the one at rules.yaml:1',
    ])
  })

  it.each([
    [
      policy.replace('TrafficPolicy', 'TrafficPolicies'),
      /^rules\.yaml:1: there is no kind "TrafficPolicies" in meshwr/,
    ],
    [policy.replace('v1alpha1', 'v1'), /^rules\.yaml:1: "meshwright.dev\/v1" is not known here; rules are of /],
    [policy.replace('{name: orders}', '{}'), /^rules\.yaml:1: the TrafficPolicy has no metadata.name$/],
    [policy.replace('5s', '!x 5s'), /^rules\.yaml:6:15: YAML tags are not taken/],
  ])('that cannot be read are told with their place %#', (text, sentence) => {
    expect(failure(text)).toMatch(sentence)
  })
})

describe('what rules are about', () => {
  it('has the pods that a workload would make', () => {
    const template = '{metadata: {labels: {app: a, version: 1}}, spec: {serviceAccountName: a, containers: []}}'
    const [pod] = read(
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: front}\nspec: {template: ${template}}\n`,
    ).objects
    expect(pod?.object).toMatchObject({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {name: 'deployment-a', namespace: 'front', labels: {app: 'a', version: '1'}},
      spec: {serviceAccountName: 'a'},
    })
  })

  it('has no namespace where it is of the cluster', () => {
    const {objects} = read('apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n')
    expect(objects[0]?.object.metadata).toEqual({name: 'shop'})
  })
})

describe('the configuration', () => {
  const mesh = (type: string) => `mesh: {type: ${type}}\n`
  const typeOf = ({configuration}: ReturnType<typeof read>) => {
    const resolution = configuration?.resolve()
    return resolution?.ok === true ? resolution.resolved.configuration.mesh.type : undefined
  }

  it('is a document with mesh at its top', () => {
    const input = read(mesh('linkerd'))
    expect([typeOf(input), input.configurationFiles, input.objects]).toEqual(['linkerd', ['rules.yaml'], []])
  })

  it('is patched by the files of --config', () => {
    expect(typeOf(read(mesh('linkerd'), {file: 'more.yaml', text: mesh('consul')}))).toBe('consul')
  })

  it('counts once where --config names the file that it was found in', () => {
    const files = read(mesh('linkerd'), {file: 'rules.yaml', text: mesh('linkerd')}).configurationFiles
    expect(files).toEqual(['rules.yaml'])
  })

  it('is told when a MeshConfig stands in its place', () => {
    const object = 'apiVersion: meshwright.dev/v1alpha1\nkind: MeshConfig\nmetadata: {name: default}\nspec: {}\n'
    expect(read(object, {file: 'mesh.yaml', text: mesh('consul')}).remarks).toEqual([
      'mesh.yaml: not used, for rules.yaml:1 is the MeshConfig default',
    ])
  })

  it('is told with the place of a mistake', () => {
    expect(failure('mesh: {typ: istio}\n')).toMatch(/^the configuration cannot be used\nrules\.yaml:1:8 MW4003 /)
  })

  it('is nothing else that has no apiVersion', () => {
    const input = read('replicas: 2\n')
    expect([input.configuration, input.remarks]).toEqual([
      undefined,
      ['rules.yaml:1: left out, for it has no apiVersion'],
    ])
  })
})
