import {z} from 'zod'
import {isValues, type Values} from '../mesh/values.ts'
import {fileSchema} from './schema.ts'

/** The JSON Schema (draft 2020-12) of a configuration file, for completion and checks in an editor. */
export function configurationJsonSchema(): Values {
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({jsonSchema}) => {
      delete jsonSchema['expects']
    },
  })
  return {...patchable(schema), title: 'Meshwright configuration'}
}

/**
 * The same schema for a patch: any key may be null, to delete what lies below. A list replaces, so what stands in one
 * is whole.
 */
function patchable(schema: Values): Values {
  const {properties, additionalProperties, anyOf} = schema
  const below = isValues(properties)
    ? Object.entries(properties).map(([key, value]) => [key, orNull(value)])
    : undefined
  return {
    ...schema,
    ...(below && {properties: Object.fromEntries(below)}),
    ...(isValues(additionalProperties) && {additionalProperties: orNull(additionalProperties)}),
    ...(Array.isArray(anyOf) && {anyOf: anyOf.map((option) => (isValues(option) ? patchable(option) : option))}),
  }
}

function orNull(schema: unknown): unknown {
  if (!isValues(schema)) return schema
  const patch = patchable(schema)
  if (Array.isArray(patch['anyOf'])) return {...patch, anyOf: [...patch['anyOf'], {type: 'null'}]}
  const {type, enum: values} = patch
  if (type === undefined) return patch
  return {...patch, type: [type, 'null'].flat(), ...(Array.isArray(values) && {enum: [...values, null]})}
}
