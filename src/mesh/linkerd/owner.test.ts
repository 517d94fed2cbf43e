import {expect, test} from 'vitest'
import type {KubeObject, OwnerReference} from '../pod.ts'
import {ownerLabel, ownerOf} from './owner.ts'
import {objectsOf, podOf} from './testing.ts'

function owned(kind: string, name: string, ...owners: OwnerReference[]): KubeObject {
  return {kind, metadata: {namespace: 'shop', name, ownerReferences: owners}}
}

function labelOf(owners: readonly OwnerReference[], ...objects: KubeObject[]) {
  const pod = podOf()
  return ownerLabel(
    ownerOf({...pod, metadata: {...pod.metadata, ownerReferences: owners}}, 'shop', objectsOf(...objects)),
  )
}

const replicaSet = {kind: 'ReplicaSet', name: 'web-1'}

test('a ReplicaSet stands for its Deployment', () => {
  expect(labelOf([replicaSet], owned('ReplicaSet', 'web-1', {kind: 'Deployment', name: 'web'}))).toEqual([
    'linkerd.io/proxy-deployment',
    'web',
  ])
})

test.each([
  ['of an unknown kind', [{kind: 'Rollout', name: 'web'}]],
  [
    'more than one',
    [
      {kind: 'Deployment', name: 'web'},
      {kind: 'Deployment', name: 'other'},
    ],
  ],
])('a ReplicaSet whose owner is %s stands for itself', (_, owners) => {
  expect(labelOf([replicaSet], owned('ReplicaSet', 'web-1', ...owners))).toEqual([
    'linkerd.io/proxy-replicaset',
    'web-1',
  ])
})

test('a ReplicaSet that the cache lacks stands for itself', () => {
  expect(labelOf([replicaSet])).toEqual(['linkerd.io/proxy-replicaset', 'web-1'])
})

test('a Job stands for its only owner, whatever its kind', () => {
  const job = {kind: 'Job', name: 'task'}
  expect(labelOf([job], owned('Job', 'task', {kind: 'Deployment', name: 'web'}))?.[0]).toBe(
    'linkerd.io/proxy-deployment',
  )
  expect(labelOf([job], owned('Job', 'task', {kind: 'CronJob', name: 'nightly'}))).toBeUndefined()
  expect(labelOf([job])?.[0]).toBe('linkerd.io/proxy-job')
})

test('a bare pod and one with two owners have no owner', () => {
  expect(labelOf([])).toBeUndefined()
  expect(
    labelOf([
      {kind: 'DaemonSet', name: 'a'},
      {kind: 'DaemonSet', name: 'b'},
    ]),
  ).toBeUndefined()
})

test('a name that Kubernetes would not take as a label value gives no label', () => {
  expect(labelOf([{kind: 'DaemonSet', name: 'a'.repeat(64)}])).toBeUndefined()
})
