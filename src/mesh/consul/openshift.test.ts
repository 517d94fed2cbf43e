import {describe, expect, it} from 'vitest'
import {injected, refusal, shop, webPod} from './fixture.ts'

const values = {global: {openshift: {enabled: true}}}
const handing = (annotations: Record<string, string>) => ({
  namespace: {
    ...shop,
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([key, range]) => [`openshift.io/sa.scc.${key}`, range]),
    ),
  },
})
const ids = (annotations: Record<string, string>, spec = {}) => {
  const {runAsUser, runAsGroup} =
    injected(webPod({}, spec), {values}, handing(annotations)).spec.containers[0]?.securityContext ?? {}
  return [runAsUser, runAsGroup]
}

describe('ids on OpenShift', () => {
  it('are the second highest of what the namespace hands out', () => {
    expect(ids({'uid-range': '1000/10', 'supplemental-groups': '2000/10,3000/5'})).toEqual([1008, 3003])
  })

  it('are those of users where there are no groups, and read a dash as a slash', () => {
    expect(ids({'uid-range': '1000-10'})).toEqual([1008, 1008])
  })

  it('are not those that the pod uses itself', () => {
    expect(ids({'uid-range': '1000/10'}, {securityContext: {runAsUser: 1009}})).toEqual([1007, 1007])
  })

  it('do not take long in an endless range', () => {
    expect(refusal(webPod(), {values}, handing({'uid-range': '0/9000000000000000000'}))).toContain(
      'from 0 to 2147483647',
    )
  })

  it.each(['', 'x/5', '1000', '1000/1', '-5/3', '1000/-1'])('are refused from %j', (range) => {
    expect(refusal(webPod(), {values}, handing({'uid-range': range}))).toContain('hands out ids')
  })
})
