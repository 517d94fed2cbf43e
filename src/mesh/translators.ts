import {consulRuleMesh} from './consul/rules/index.ts'
import {istioRuleMesh} from './istio/rules/index.ts'
import {linkerdRuleMesh} from './linkerd/rules/index.ts'
import type {MeshName} from './mesh.ts'
import type {RuleMesh} from './translation.ts'

/** What each mesh makes of rules. */
export const ruleMeshes: Readonly<Record<MeshName, RuleMesh>> = {
  istio: istioRuleMesh,
  linkerd: linkerdRuleMesh,
  consul: consulRuleMesh,
}
