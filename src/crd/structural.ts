import {z} from 'zod'
import {isValues, type Values} from '../mesh/values.ts'

export interface StructuralOptions {
  /** A patch, where null deletes: every key may be null. */
  readonly nullable?: boolean
}

/** Keywords that mean the same to Kubernetes. */
const kept = [
  'type',
  'description',
  'format',
  'pattern',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
] as const

/**
 * A schema as a CustomResourceDefinition takes it: structural OpenAPI v3. Of a value that may have several types
 * Kubernetes checks nothing but numbers beside texts; the rest is checked by whoever reads the object. Defaults are left
 * out: written into an object they would be somebody's word, and in an environment they would override the base.
 */
export function structural(schema: z.ZodType, options: StructuralOptions = {}): Values {
  return converted(z.toJSONSchema(schema, {io: 'input', unrepresentable: 'any'}), options)
}

function converted({type, ...schema}: Values, options: StructuralOptions): Values {
  // A union of plain types is written as a list of them.
  if (Array.isArray(type)) return converted({...schema, anyOf: type.map((one) => ({type: one}))}, options)
  const typed = type === undefined ? schema : {type, ...schema}
  const own = Object.fromEntries(kept.flatMap((key) => (typed[key] === undefined ? [] : [[key, typed[key]]])))
  const {anyOf, const: only, items, properties, additionalProperties} = schema
  if (Array.isArray(anyOf)) return {...own, ...union(anyOf.filter(isValues)), ...nullability(options)}
  const open = isValues(additionalProperties) && Object.keys(additionalProperties).length > 0
  return {
    ...own,
    ...(only === undefined ? {} : {enum: [only]}),
    ...(isValues(items) ? {items: converted(items, {})} : {}),
    ...(isValues(properties) ? {properties: mapped(properties, options)} : {}),
    // Properties and free keys exclude each other: what is open beside the known keys is not looked at.
    ...(open && properties === undefined ? {additionalProperties: converted(additionalProperties, options)} : {}),
    ...(additionalProperties !== undefined && additionalProperties !== false && (!open || properties !== undefined)
      ? {'x-kubernetes-preserve-unknown-fields': true}
      : {}),
    ...nullability(options),
  }
}

function mapped(properties: Values, options: StructuralOptions): Values {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, isValues(value) ? converted(value, options) : value]),
  )
}

function union(options: readonly Values[]): Values {
  const types = new Set(options.map(({type}) => type))
  const isQuantity = types.has('string') && types.has('number')
  return isQuantity ? {'x-kubernetes-int-or-string': true} : {'x-kubernetes-preserve-unknown-fields': true}
}

function nullability({nullable = false}: StructuralOptions): Values {
  return nullable ? {nullable: true} : {}
}
