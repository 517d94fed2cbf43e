import type {z} from 'zod'
import type {fileSchema} from '../config/schema.ts'

/** A Meshwright configuration as it is written in a file: every spelling, environments and templates. */
export type MeshConfiguration = z.input<typeof fileSchema>

/**
 * A configuration in TypeScript, with completion and types: `createMesh({configuration: defineConfig({mesh: {type:
 * 'linkerd'}})})`. It is checked when it is used. One that the command line is to read as well stands in a file of YAML.
 */
export function defineConfig(configuration: MeshConfiguration): MeshConfiguration {
  return configuration
}
