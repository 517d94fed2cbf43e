import {describe, expect, it} from 'vitest'
import {stateOf} from '../../test/hostile/states.ts'
import {failurePolicyOf} from './failure.ts'
import type {AdmissionState} from './review.ts'

const lenient = stateOf('consul', {failurePolicy: 'Ignore'})
const enforced = stateOf('consul', {failurePolicy: 'Ignore', enforced: true})

function policy(state: AdmissionState, request: object = {}) {
  const kind = {group: '', version: 'v1', kind: 'Pod'}
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {uid: 'u-1', kind, namespace: 'shop', operation: 'CREATE', object: {}, ...request},
  }
  return failurePolicyOf(review, state)
}

describe('a review that could not be worked on', () => {
  it('meets mesh.failurePolicy, or Fail where the administrator says nothing', () => {
    expect(policy(lenient)).toBe('Ignore')
    expect(policy(stateOf('consul', {}))).toBe('Fail')
  })

  it('is refused where mesh.enforced is true, for whoever provokes an error would be past the sidecar', () => {
    expect(policy(enforced)).toBe('Fail')
  })

  it('is refused where the MeshConfig of its namespace enforces', () => {
    const namespace = {name: 'shop', labels: {'meshwright.dev/config': 'strict'}, annotations: {}}
    const objects = {get: () => undefined, namespace: () => namespace}
    expect(policy({...lenient, objects, configurations: new Map([['strict', enforced]])})).toBe('Fail')
    expect(policy({...enforced, objects, configurations: new Map([['strict', lenient]])})).toBe('Ignore')
  })

  it('meets mesh.failurePolicy where no sidecar is at stake, for the cluster has to go on', () => {
    expect(policy(enforced, {operation: 'UPDATE'})).toBe('Ignore')
    expect(policy(enforced, {subResource: 'status'})).toBe('Ignore')
    expect(policy(enforced, {kind: {group: '', version: 'v1', kind: 'Service'}})).toBe('Ignore')
    expect(policy(enforced, {namespace: 'meshwright-system'})).toBe('Ignore')
    expect(policy(enforced, {namespace: 'kube-system'})).toBe('Ignore')
    expect(failurePolicyOf('no review', enforced)).toBe('Ignore')
  })
})
