import {ObjectIndex} from '../../src/admission/objects.ts'
import type {AdmissionState} from '../../src/admission/review.ts'
import {Shapes} from '../../src/admission/shape.ts'
import {prepareEnvironments} from '../../src/admission/state.ts'
import {loadConfiguration} from '../../src/config/load.ts'
import type {MeshName} from '../../src/mesh/mesh.ts'
import {authority} from '../admission/harness.ts'

const own: Readonly<Record<MeshName, object>> = {
  istio: {},
  linkerd: {linkerd: {values: {identityTrustAnchorsPEM: authority.cert}}},
  consul: {consul: {clusterDNS: {nameservers: ['10.0.0.10'], searches: [], options: []}}},
}
const shapes = new Shapes()
const objects = new ObjectIndex([
  {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'shop'}},
  {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'attacker'}},
])

/** What a webhook holds whose administrator has written `settings` under `mesh`, and injects everywhere. */
export function stateOf(mesh: MeshName, settings: object): AdmissionState {
  const text = JSON.stringify({mesh: {type: mesh, autoInject: true, ...own[mesh], ...settings}})
  const loading = loadConfiguration([{file: 'mesh.yaml', text}])
  const preparation = loading.ok ? prepareEnvironments(loading.loaded, objects, {}) : loading
  if (!preparation.ok) throw new Error(JSON.stringify(preparation.problems))
  const {base, environments} = preparation.prepared
  return {base, environments, objects, shapes, ownNamespace: 'meshwright-system'}
}
