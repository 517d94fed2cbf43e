import {describe, expect, it} from 'vitest'
import type {Pod} from '../pod.ts'
import {goContainer, goJson, goPod} from './struct.ts'

describe('a pod as Go prints it', () => {
  it('has the fields of the struct in its order, empty structs included', () => {
    const pod: Pod = {
      spec: {restartPolicy: 'Always', hostNetwork: false, containers: [{image: 'web:1', name: 'web', colour: 'red'}]},
      metadata: {name: 'web', creationTimestamp: null, labels: {b: '2', a: '1'}},
      apiVersion: 'v1',
      kind: 'Pod',
    }
    expect(goJson(goPod(pod))).toBe(
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","labels":{"a":"1","b":"2"}},' +
        '"spec":{"containers":[{"name":"web","image":"web:1","resources":{}}],"restartPolicy":"Always"},"status":{}}',
    )
  })

  it('keeps what a pointer points to, however empty', () => {
    const container = goContainer({name: 'web', securityContext: {runAsUser: 0, privileged: false}})
    expect(container).toEqual({name: 'web', resources: {}, securityContext: {privileged: false, runAsUser: 0}})
  })

  it('prints quantities and times canonically', () => {
    const container = goContainer({name: 'web', resources: {limits: {memory: '2048Mi', cpu: 1}}})
    expect(goJson(container)).toBe('{"name":"web","resources":{"limits":{"cpu":"1","memory":"2Gi"}}}')
    const pod: Pod = {metadata: {deletionTimestamp: '2024-03-01T00:30:00.5+01:00'}, spec: {containers: []}}
    expect(goPod(pod)).toMatchObject({metadata: {deletionTimestamp: '2024-02-29T23:30:00Z'}})
  })

  it('shares what Go would print as it is, and makes anew only what leads to a difference', () => {
    const pod: Pod = JSON.parse(
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","labels":{"a":"1","b":"2"}},' +
        '"spec":{"containers":[{"name":"web","ports":[{"containerPort":80,"name":"http"}],"resources":{}}]},"status":{}}',
    )
    const printed = goPod(pod)
    expect(printed).toEqual(pod)
    const again: Pod = JSON.parse(goJson(printed))
    expect(goPod(again)).toBe(again)
    expect(goJson(printed)).toContain('"ports":[{"name":"http","containerPort":80}]')
  })

  it('escapes long text as it does short text', () => {
    const text = 'a<b>&\u2028\u2029\u203c\u20a8€\\"\\ud800\ud800\\\ud83d\ude00'
    const short = goJson(text).slice(1, -1)
    expect(short).toBe('a\\u003cb\\u003e\\u0026\\u2028\\u2029\u203c\u20a8€\\\\\\"\\\\ud800\\ufffd\\\\\ud83d\ude00')
    expect(goJson(text.repeat(5000))).toBe(`"${short.repeat(5000)}"`)
    expect(goJson(`${'x'.repeat(70_000)}\ud800<`)).toBe(`"${'x'.repeat(70_000)}\\ufffd\\u003c"`)
  })

  it('finds each difference however deep, and one after the other', () => {
    const container = '{"env":[{"value":"1","name":"A"},{"name":"B","value":""}],"args":[],"name":"web","stdin":false}'
    expect(goJson(goContainer(JSON.parse(container)))).toBe(
      '{"name":"web","env":[{"name":"A","value":"1"},{"name":"B"}],"resources":{}}',
    )
  })

  it('takes values of the wrong type for absent', () => {
    expect(goContainer(JSON.parse('{"name": "web", "image": 5, "env": "no", "stdin": "yes"}'))).toEqual({
      name: 'web',
      resources: {},
    })
  })

  it('treats __proto__ as a key like any other', () => {
    const pod: Pod = {metadata: {labels: JSON.parse('{"__proto__": "x"}')}, spec: {containers: []}}
    expect(goJson(goPod(pod))).toContain('"labels":{"__proto__":"x"}')
  })
})

describe('JSON text', () => {
  it('escapes what HTML would read, and replaces lone surrogates', () => {
    expect(goJson('<a href="?b&c">\u2028\\ud800\ud800</a>')).toBe(
      String.raw`"\u003ca href=\"?b\u0026c\"\u003e\u2028\\ud800\ufffd\u003c/a\u003e"`,
    )
  })
})
