import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {Ajv, type ValidateFunction} from 'ajv'
import {parseAllDocuments} from 'yaml'
import {z} from 'zod'
import type {KubeObject} from '../../src/mesh/pod.ts'

type Schema = Readonly<Record<string, unknown>>

const CRD = z.object({
  kind: z.literal('CustomResourceDefinition'),
  metadata: z.object({name: z.string()}),
  spec: z.object({
    group: z.string(),
    scope: z.enum(['Namespaced', 'Cluster']),
    names: z.object({kind: z.string()}),
    versions: z.array(
      z.object({
        name: z.string(),
        served: z.boolean(),
        schema: z.object({openAPIV3Schema: z.record(z.string(), z.unknown())}),
      }),
    ),
  }),
})

/** The documents of every CRD below a folder. */
export function crdsOf(folder: string): z.infer<typeof CRD>[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    .map((document) => document.toJS())
    .filter((value) => value !== null)
    .map((value) => CRD.parse(value))
}

/**
 * Judges custom resources by the schemas of their CRDs, with fields that no schema knows as faults, as the API server
 * does with strict validation. What only the server evaluates (CEL) is not judged.
 */
export class CrdSchemas {
  readonly #validators = new Map<string, {validate: ValidateFunction; namespaced: boolean}>()

  constructor(folder: string) {
    const ajv = new Ajv({strict: false, allErrors: true, validateFormats: false})
    for (const {spec} of crdsOf(folder)) {
      for (const {name, served, schema} of spec.versions) {
        if (!served) continue
        const validate = ajv.compile(closed(schema.openAPIV3Schema, true))
        this.#validators.set(`${spec.group}/${name} ${spec.names.kind}`, {
          validate,
          namespaced: spec.scope === 'Namespaced',
        })
      }
    }
  }

  /** What is wrong with an object, one sentence each; undefined where no CRD knows its kind. */
  faults(object: KubeObject): string[] | undefined {
    const known = this.#validators.get(`${object.apiVersion} ${object.kind}`)
    if (known === undefined) return undefined
    const {validate, namespaced} = known
    const scope = (object.metadata?.namespace !== undefined) === namespaced ? [] : ['the namespace is amiss']
    if (validate(object)) return scope
    const told = (validate.errors ?? []).map(
      ({instancePath, message, params}) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
    )
    return [...scope, ...told]
  }
}

/** The structural schema as JSON Schema that knows no other fields. */
function closed(schema: Schema, isRoot = false): Schema {
  const {properties, items, additionalProperties, type, nullable} = schema
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true
  const known = isSchema(properties)
    ? Object.fromEntries(
        Object.entries(properties).map(([key, below]) => [key, isSchema(below) ? closed(below) : below]),
      )
    : undefined
  const named = isRoot ? {apiVersion: {type: 'string'}, kind: {type: 'string'}, metadata: {type: 'object'}} : {}
  const more = isSchema(additionalProperties) ? closed(additionalProperties) : false
  const isMap = type === 'object' && (known !== undefined || isSchema(additionalProperties))
  return {
    ...schema,
    ...(known === undefined ? {} : {properties: {...known, ...named}}),
    ...(isSchema(items) ? {items: closed(items)} : {}),
    ...(isMap && !isOpen ? {additionalProperties: more} : {}),
    ...(isIntOrString ? {type: ['integer', 'string']} : {}),
    ...(nullable === true && typeof type === 'string' ? {type: [type, 'null']} : {}),
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
