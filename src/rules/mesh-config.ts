import type {z} from 'zod'
import {fileSchema} from '../config/schema.ts'

/** The spec of a MeshConfig: what a configuration file says, every spelling, environments and templates included. */
export const meshConfigSchema = fileSchema
export type MeshConfigSpec = z.input<typeof meshConfigSchema>
