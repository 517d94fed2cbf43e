import {ApplicationMesh} from './application-mesh.ts'
import {assemble} from './assemble.ts'
import {readEnvironment} from './environment.ts'
import type {Mesh} from './mesh.ts'
import type {MeshOptions} from './options.ts'

/**
 * The mesh of this application. Nothing is sent and nothing runs before something is registered, called or listened to.
 *
 * In local mode rules are applied in this process; in cluster mode they are written as neutral objects, and the mesh
 * applies them. See `MeshOptions.mode` for how the mode is found.
 *
 * @throws MeshConfigError for a configuration, an environment or options that cannot be used
 */
export function createMesh(options: MeshOptions = {}): Mesh {
  return new ApplicationMesh(assemble(options, readEnvironment()))
}
