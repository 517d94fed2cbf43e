import type {z} from 'zod'
import type {fileSchema} from '../config/schema.ts'

/** A Meshwright configuration as it is written in a file: every spelling, environments and templates. */
export type MeshConfiguration = z.input<typeof fileSchema>

/**
 * A configuration in TypeScript, with completion and types: `export default defineConfig({mesh: {type: 'linkerd'}})`.
 * It is checked when it is used: by `createMesh`, or by the command line.
 */
export function defineConfig(configuration: MeshConfiguration): MeshConfiguration {
  return configuration
}
