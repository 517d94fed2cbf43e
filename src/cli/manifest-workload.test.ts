import {describe, expect, it} from 'vitest'
import type {Values} from '../mesh/values.ts'
import {createPod, objectsOf, templateFrom, workloadOf, type Workload} from './manifest-workload.ts'

const spec = {containers: [{name: 'web'}]}

function workload(object: Values): Workload {
  const found = workloadOf(object, [])
  if (found === undefined) throw new Error('no workload')
  return found
}

function templated(
  apiVersion: string,
  kind: string,
  template: Values = {metadata: {labels: {app: 'web'}}, spec},
): Values {
  return {apiVersion, kind, metadata: {name: 'web', namespace: 'shop'}, spec: {template}}
}

describe('which objects make pods', () => {
  it.each([
    ['v1', 'Pod', {apiVersion: 'v1', kind: 'Pod', spec}, []],
    ['apps/v1', 'Deployment', templated('apps/v1', 'Deployment'), ['spec', 'template']],
    ['v1', 'ReplicationController', templated('v1', 'ReplicationController'), ['spec', 'template']],
    ['argoproj.io/v1alpha1', 'Rollout', templated('argoproj.io/v1alpha1', 'Rollout'), ['spec', 'template']],
    [
      'batch/v1',
      'CronJob',
      {apiVersion: 'batch/v1', kind: 'CronJob', spec: {jobTemplate: {spec: {template: {spec}}}}},
      ['spec', 'jobTemplate', 'spec', 'template'],
    ],
  ])('%s %s does', (_, __, object, path) => {
    expect(workloadOf(object, ['items', 0])?.path).toEqual(['items', 0, ...path])
  })

  it.each([
    ['a Service', {apiVersion: 'v1', kind: 'Service', spec: {ports: []}}],
    ['a template without containers', templated('kubevirt.io/v1', 'VirtualMachine', {spec: {domain: {}}})],
    ['what has no apiVersion', {kind: 'Deployment', spec: {template: {spec}}}],
    ['a CronJob without a template', {apiVersion: 'batch/v1', kind: 'CronJob', spec: {}}],
  ])('%s does not', (_, object) => {
    expect(workloadOf(object, [])).toBeUndefined()
  })

  it('opens lists, also typed ones whose items leave out their kind', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {apiVersion: 'v1', kind: 'PodList', items: [{spec}]},
        {apiVersion: 'v1', kind: 'Secret'},
      ],
    }
    expect([...objectsOf(list)]).toEqual([
      {object: {apiVersion: 'v1', kind: 'Pod', spec}, path: ['items', 0, 'items', 0]},
      {object: {apiVersion: 'v1', kind: 'Secret'}, path: ['items', 1]},
    ])
  })
})

describe('the pod that a controller creates', () => {
  it.each([
    ['apps/v1', 'Deployment', 'ReplicaSet', /^web-[a-z0-9]+-$/, ['ReplicaSet', 'Deployment']],
    ['apps/v1', 'StatefulSet', 'StatefulSet', /^web-$/, ['StatefulSet']],
    ['apps/v1', 'DaemonSet', 'DaemonSet', /^web-$/, ['DaemonSet']],
    ['v1', 'ReplicationController', 'ReplicationController', /^web-$/, ['ReplicationController']],
    ['batch/v1', 'Job', 'Job', /^web-$/, ['Job']],
    ['argoproj.io/v1alpha1', 'Rollout', 'Rollout', /^web-$/, ['Rollout']],
  ])('of a %s %s is owned by a %s', (apiVersion, kind, owner, generateName, chain) => {
    const {pod, owners} = createPod(workload(templated(apiVersion, kind)), 'shop')
    expect(pod['metadata']).toMatchObject({
      generateName: expect.stringMatching(generateName),
      namespace: 'shop',
      ownerReferences: [{kind: owner, controller: true}],
    })
    expect(pod['metadata']).not.toHaveProperty('name')
    expect(owners.map(({kind}) => kind)).toEqual(chain)
  })

  it('of a Deployment carries the hash that the name of its ReplicaSet ends in', () => {
    const {pod, owners} = createPod(workload(templated('apps/v1', 'Deployment')), 'shop')
    const labels = (pod['metadata'] as {labels: Record<string, string>}).labels
    expect(owners[0]?.metadata?.name).toBe(`web-${labels['pod-template-hash']}`)
    expect(owners[0]?.metadata?.ownerReferences).toMatchObject([{kind: 'Deployment', name: 'web'}])
  })

  it('of a CronJob belongs to a Job named as the controller names them', () => {
    const cron = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: {name: 'nightly'},
      spec: {jobTemplate: {spec: {template: {spec}}}},
    }
    const {pod, owners} = createPod(workload(cron), 'default')
    expect(pod['metadata']).toMatchObject({generateName: expect.stringMatching(/^nightly-\d{8}-$/)})
    expect(owners.map(({kind, metadata}) => [kind, metadata?.namespace])).toEqual([
      ['Job', 'default'],
      ['CronJob', 'default'],
    ])
  })

  it('is the object itself for a Pod, in its namespace', () => {
    const pod = {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, spec}
    expect(createPod(workload(pod), 'shop')).toEqual({
      pod: {...pod, metadata: {name: 'web', namespace: 'shop'}},
      owners: [],
    })
  })
})

/** The template after the pod that it makes went through `inject`. */
function roundTrip(object: Values, inject: (pod: Values) => Values): Values {
  const one = workload(object)
  const {pod} = createPod(one, 'shop')
  return templateFrom(one, pod, inject(pod))
}

describe('the template of an injected pod', () => {
  it('is the template again where nothing was injected', () => {
    for (const template of [
      {spec},
      {metadata: {labels: {app: 'web'}}, spec},
      {metadata: {annotations: {a: 'b'}}, spec},
    ]) {
      expect(roundTrip(templated('apps/v1', 'Deployment', template), (pod) => pod)).toEqual(template)
      expect(roundTrip(templated('batch/v1', 'Job', template), (pod) => pod)).toEqual(template)
    }
  })

  it('keeps what the injector wrote and loses what the controller did', () => {
    const after = roundTrip(templated('apps/v1', 'Deployment', {spec}), (pod) => {
      const metadata = pod['metadata'] as Values
      return {...pod, metadata: {...metadata, labels: {...(metadata['labels'] as Values), mesh: 'on'}}}
    })
    expect(after).toEqual({metadata: {labels: {mesh: 'on'}}, spec})
  })

  it('keeps a label of the user that happens to be one of the controller', () => {
    const template = {metadata: {labels: {'job-name': 'web'}}, spec}
    expect(roundTrip(templated('batch/v1', 'Job', template), (pod) => pod)).toEqual(template)
  })
})
