import {describe, expect, test} from 'vitest'
import {assignment, chooseValues, valuesOf, type ValuesLayer} from './choose.ts'

function layer(read: ValuesLayer | string): ValuesLayer {
  if (typeof read === 'string') throw new Error(read)
  return read
}

describe('values', () => {
  test('of later layers win, key by key, over the defaults', () => {
    const chosen = chooseValues([
      layer(valuesOf('ha.yaml', 'webhook: {replicas: 3, spread: required}')),
      layer(assignment('webhook.replicas=4')),
    ])
    expect(chosen).toMatchObject({ok: true, values: {webhook: {replicas: 4, spread: 'required', timeoutSeconds: 5}}})
  })

  test('take a YAML value of a word, and keys with dots in them', () => {
    const node = layer(assignment('webhook.nodeSelector.kubernetes\\.io/os=linux'))
    expect(node.values).toEqual({webhook: {nodeSelector: {'kubernetes.io/os': 'linux'}}})
    expect(layer(assignment('crds.keep=false')).values).toEqual({crds: {keep: false}})
    expect(layer(assignment('webhook.excludedNamespaces=[a, b]')).values).toEqual({
      webhook: {excludedNamespaces: ['a', 'b']},
    })
  })

  test('that cannot be used are told with their place', () => {
    const chosen = chooseValues([
      layer(valuesOf('mine.yaml', 'webhook: {replicas: 0}')),
      layer(assignment('mesh=kuma')),
    ])
    expect(chosen.ok ? [] : chosen.problems).toEqual([
      expect.stringMatching(/^--set mesh: .*istio/),
      expect.stringMatching(/^mine.yaml: webhook.replicas: /),
    ])
  })

  test.each(['webhook', '=3', 'a..b=1', 'a=[1'])('of the word %s are none', (word) => {
    expect(assignment(word)).toMatch(/^--set .*: /)
  })

  test('of a file that is no map are none', () => {
    expect(valuesOf('list.yaml', '- a')).toBe('list.yaml: values are a map, such as webhook: {replicas: 3}')
  })

  test('named as prototypes change none', () => {
    const chosen = chooseValues([layer(valuesOf('evil.yaml', '__proto__: {polluted: true}'))])
    expect(chosen.ok).toBe(false)
    expect('polluted' in {}).toBe(false)
  })
})
