import {describe, expect, test} from 'vitest'
import type {NativeVerdict} from '../mesh.ts'
import type {StringMap} from '../pod.ts'
import type {Values} from '../values.ts'
import {podOf, subjectOf, withValues} from './testing.ts'

const inject = 'sidecar.istio.io/inject'

function verdict(
  namespace: StringMap,
  labels: StringMap = {},
  annotations: StringMap = {},
  values: Values = {},
): NativeVerdict {
  return withValues(values).native(subjectOf(podOf(annotations, {}, labels), {}, namespace))
}

describe('who decided', () => {
  test.each<[string, StringMap, StringMap, StringMap, boolean, NativeVerdict['speaker']]>([
    ['an enabled namespace', {'istio-injection': 'enabled'}, {}, {}, true, 'namespace'],
    ['a disabled namespace', {'istio-injection': 'disabled'}, {}, {}, false, 'namespace'],
    ['the label true in an unlabelled namespace', {}, {[inject]: 'true'}, {}, true, 'pod'],
    [
      'the label true against a disabled namespace',
      {'istio-injection': 'disabled'},
      {[inject]: 'true'},
      {},
      false,
      'namespace',
    ],
    ['the label false in an enabled namespace', {'istio-injection': 'enabled'}, {[inject]: 'false'}, {}, false, 'pod'],
    ['the annotation true in an unlabelled namespace', {}, {}, {[inject]: 'true'}, false, 'policy'],
    ['the annotation false in an unlabelled namespace', {}, {}, {[inject]: 'false'}, false, 'pod'],
    [
      'the annotation true in an enabled namespace',
      {'istio-injection': 'enabled'},
      {},
      {[inject]: 'true'},
      true,
      'pod',
    ],
    [
      'an empty label hides the annotation',
      {'istio-injection': 'enabled'},
      {[inject]: ''},
      {[inject]: 'false'},
      true,
      'namespace',
    ],
    ['the pod’s revision', {}, {'istio.io/rev': 'default'}, {}, true, 'pod'],
    ['another revision on the pod', {}, {'istio.io/rev': 'canary'}, {}, false, 'pod'],
    ['another revision on the namespace', {'istio.io/rev': 'canary'}, {}, {}, false, 'namespace'],
    ['nobody', {}, {}, {}, false, 'policy'],
  ])('%s', (_, namespace, labels, annotations, injects, speaker) => {
    expect(verdict(namespace, labels, annotations)).toMatchObject({inject: injects, speaker})
  })
})

test('a revision is chosen by its name and its tags, and not by the old switch', () => {
  const values = {revision: 'canary', revisionTags: ['prod']}
  expect(verdict({'istio.io/rev': 'canary'}, {}, {}, values).inject).toBe(true)
  expect(verdict({'istio.io/rev': 'prod'}, {}, {}, values).inject).toBe(true)
  expect(verdict({'istio-injection': 'enabled'}, {}, {}, values).inject).toBe(false)
  expect(verdict({'istio-injection': 'enabled'}, {}, {}, {...values, revisionTags: ['default']}).inject).toBe(true)
})

test('enableNamespacesByDefault takes pods and namespaces that say nothing', () => {
  const values = {sidecarInjectorWebhook: {enableNamespacesByDefault: true}}
  expect(verdict({}, {}, {}, values)).toMatchObject({inject: true, speaker: 'policy'})
  expect(verdict({}, {[inject]: ''}, {}, values).inject).toBe(false)
})

describe('selectors of the values', () => {
  const never = {neverInjectSelector: [{matchLabels: {team: 'x'}}]}
  const always = {alwaysInjectSelector: [{matchExpressions: [{key: 'team', operator: 'Exists'}]}]}
  const enabled = {'istio-injection': 'enabled'}

  test('never outranks always, and an explicit wish both', () => {
    const values = {sidecarInjectorWebhook: {...never, ...always}}
    expect(verdict(enabled, {team: 'x'}, {}, values)).toMatchObject({inject: false, code: 'MW1116'})
    expect(verdict(enabled, {team: 'x', [inject]: 'true'}, {}, values).inject).toBe(true)
  })

  test('always works against a policy that is switched off', () => {
    const values = {global: {proxy: {autoInject: 'disabled'}}, sidecarInjectorWebhook: always}
    expect(verdict(enabled, {team: 'y'}, {}, values).inject).toBe(true)
    expect(verdict(enabled, {}, {}, values).inject).toBe(false)
  })

  test.each([
    ['an operator that does not exist', {matchExpressions: [{key: 'team', operator: 'Like', values: ['x']}]}],
    ['nothing in it', {}],
  ])('one with %s is skipped', (_, selector) => {
    const values = {sidecarInjectorWebhook: {neverInjectSelector: [selector]}}
    expect(verdict(enabled, {team: 'x'}, {}, values).inject).toBe(true)
  })
})

test('the host’s network and an unknown policy leave a pod out, whatever it asks', () => {
  const injector = withValues({})
  const subject = subjectOf(podOf({}, {hostNetwork: true}, {[inject]: 'true'}))
  expect(injector.native(subject)).toMatchObject({inject: false, code: 'MW1112'})
  expect(verdict({}, {[inject]: 'true'}, {}, {global: {proxy: {autoInject: 'on'}}}).inject).toBe(false)
})
