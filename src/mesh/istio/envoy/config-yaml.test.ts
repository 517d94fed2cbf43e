import {array, assert, constantFrom, dictionary, oneof, property, string} from 'fast-check'
import {expect, test} from 'vitest'
import {parse} from 'yaml'
import {expand as kubelet} from '../../../../test/envoy/kubelet.ts'
import {configYaml, expand, type Message} from './config-yaml.ts'

const env = new Map([
  ['POD_NAME', 'web-0'],
  ['POD_NAMESPACE', 'shop'],
])

/** What Envoy reads of an argument once the kubelet has expanded it. */
function received(message: Message): unknown {
  return parse(kubelet(configYaml(message), env), {maxAliasCount: 0})
}

test('any text reaches Envoy as it is', () => {
  const hostile = oneof(
    string({unit: 'binary'}),
    constantFrom('$(POD_NAME)', '$$(POD_NAME)', '$', '$$', '$(', '"', '\\', 'x": {', '#', '&a', '*a', '!!str', '\n'),
  )
  const text = array(hostile, {maxLength: 3}).map((parts) => parts.join(''))
  assert(
    property(dictionary(text, text, {maxKeys: 5, noNullPrototype: true}), (labels) => {
      expect(received({before: 'a', labels, after: 'z'})).toStrictEqual({before: 'a', labels, after: 'z'})
    }),
  )
}, 30_000)

test('a key longer than an implicit key may be is an explicit one', () => {
  const labels = {['k'.repeat(2_000)]: 'v', ['"'.repeat(600)]: 'w'}
  expect(configYaml(labels)).toMatch(/^\{\? "k/)
  expect(received(labels)).toStrictEqual(labels)
})

test('a key named __proto__ is a key like any other', () => {
  expect(configYaml(JSON.parse('{"__proto__": "x"}') as Message)).toBe('{"__proto__":"x"}')
})

test('half a surrogate pair, which YAML cannot say, becomes the replacement character', () => {
  expect(received({name: 'a\ud800'})).toStrictEqual({name: 'a\ufffd'})
})

test('references of ours expand, and data between them does not', () => {
  expect(received({id: expand`${'$(POD_NAME)'}.$(POD_NAME).$(POD_NAMESPACE)`})).toStrictEqual({
    id: '$(POD_NAME).web-0.shop',
  })
})

test('what is undefined is left out', () => {
  expect(configYaml({a: undefined, b: [true, 1, {c: undefined}]})).toBe('{"b":[true,1,{}]}')
})
