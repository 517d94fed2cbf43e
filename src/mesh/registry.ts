import {consul} from './consul/index.ts'
import {istio} from './istio/index.ts'
import {linkerd} from './linkerd/index.ts'
import type {Mesh, MeshName} from './mesh.ts'

/** Every mesh that a configuration can name; a fourth mesh is a fourth folder and a fourth line. */
export const meshes: Readonly<Record<MeshName, Mesh>> = {istio, linkerd, consul}
