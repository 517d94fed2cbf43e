import {beforeAll, expect, test} from 'vitest'
import {ClusterState, namespaces} from '../admission/cluster-state.ts'
import {admit, type AdmissionState} from '../admission/review.ts'
import {Shapes} from '../admission/shape.ts'
import {loadConfiguration} from '../config/load.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {checkSidecars} from './sidecars.ts'

let state: AdmissionState
let injected: KubeObject

beforeAll(() => {
  const loaded = loadConfiguration([{file: 'mesh.yaml', text: 'mesh: {type: istio, autoInject: true}\n'}])
  if (!loaded.ok) throw new Error('the configuration is good')
  const cluster = new ClusterState({mesh: undefined}, loaded.loaded)
  const metadata = {name: 'shop', labels: {'meshwright.dev/inject': 'enabled'}}
  cluster.set({kind: namespaces}, {apiVersion: 'v1', kind: 'Namespace', metadata})
  const {inForce} = cluster.judge()
  if (inForce === undefined) throw new Error('the state is good')
  state = {...inForce, objects: cluster.cache, shapes: new Shapes(), ownNamespace: 'meshwright-system'}
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    // Only a request: with this annotation Istio takes no limit from the mesh's settings.
    metadata: {name: 'stock', namespace: 'shop', annotations: {'sidecar.istio.io/proxyCPU': '100m'}},
    spec: {containers: [{name: 'app', image: 'stock'}]},
  }
  const verdict = admit({uid: '', kind: 'Pod', operation: 'CREATE', subResource: '', namespace: 'shop', object}, state)
  expect(verdict.decision).toBe('injected')
  injected = {...verdict.object, metadata: {...verdict.object.metadata, name: 'stock', namespace: 'shop'}}
})

/** The same pod, with this limit of its sidecar. */
function limited(pod: KubeObject, limits: Values): KubeObject {
  const give = (container: unknown) => {
    if (!isValues(container) || container['name'] !== 'istio-proxy') return container
    return {...container, resources: {...(isValues(container['resources']) ? container['resources'] : {}), limits}}
  }
  const each = (list: unknown) => (Array.isArray(list) ? list.map(give) : [])
  const spec = isValues(pod['spec']) ? pod['spec'] : {}
  return {...pod, spec: {...spec, initContainers: each(spec['initContainers']), containers: each(spec['containers'])}}
}

test('a pod as it would be injected today is of today', () => {
  expect(checkSidecars([injected], state)).toMatchObject([{state: 'good', message: expect.stringContaining('1 pods')}])
})

test('a sidecar with a limit that the settings no longer say is older than they are', () => {
  expect(checkSidecars([limited(injected, {cpu: '2'})], state)).toMatchObject([
    {state: 'warning', message: expect.stringContaining('shop/stock (istio-proxy: resources)')},
  ])
})

test('a limit that a LimitRange gave says nothing about the settings', () => {
  const annotations = {
    ...injected.metadata?.annotations,
    'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu limit for container istio-proxy',
  }
  const pod = {...limited(injected, {cpu: '2'}), metadata: {...injected.metadata, annotations}}
  expect(checkSidecars([pod], state)).toMatchObject([{state: 'good'}])
})
