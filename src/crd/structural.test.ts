import {describe, expect, test} from 'vitest'
import {z} from 'zod'
import {isValues, type Values} from '../mesh/values.ts'
import {foreign, oneOrMany, quantity, section, text} from '../config/value.ts'
import {definitions} from './definition.ts'
import {structural} from './structural.ts'

/** Every schema inside a schema, with its path. */
function* schemas(schema: Values, path: string): Generator<readonly [string, Values]> {
  yield [path, schema]
  for (const key of ['items', 'additionalProperties']) {
    const below = schema[key]
    if (isValues(below)) yield* schemas(below, `${path}.${key}`)
  }
  const {properties} = schema
  if (!isValues(properties)) return
  for (const [key, below] of Object.entries(properties)) if (isValues(below)) yield* schemas(below, `${path}.${key}`)
}

function rootOf(definition: Values): Values {
  const {spec} = definition as {spec: {versions: [{schema: {openAPIV3Schema: Values}}]}}
  return spec.versions[0].schema.openAPIV3Schema
}

const keywords = new Set(
  `type description format pattern enum minimum maximum minLength maxLength minItems maxItems maxProperties required items
  properties additionalProperties nullable x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-validations
  x-kubernetes-preserve-unknown-fields x-kubernetes-int-or-string`.split(/\s+/),
)

describe.each([...definitions()])('%s', (_, definition) => {
  const all = [...schemas(rootOf(definition), '')]

  test('is structural', () => {
    expect(all.length).toBeGreaterThan(20)
    for (const [path, schema] of all) {
      const {type} = schema
      const free = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-int-or-string'].some(
        (key) => schema[key] === true,
      )
      expect(typeof type === 'string' || free, `${path} has one type`).toBe(true)
      expect('properties' in schema && 'additionalProperties' in schema, `${path} is open or closed`).toBe(false)
      expect(
        Object.keys(schema).filter((key) => !keywords.has(key)),
        path,
      ).toEqual([])
    }
  })

  test('bounds every list, so that what is checked over it has an end', () => {
    const lists = all.filter(
      ([path, {type}]) =>
        type === 'array' &&
        !path.startsWith('.spec.mesh') &&
        !path.includes('environments') &&
        !path.includes('templates'),
    )
    for (const [path, {maxItems}] of lists) expect(maxItems, path).toBeTypeOf('number')
  })
})

describe('a schema', () => {
  test('of a number beside a text is int-or-string, of one or many is anything, of foreign words is kept', () => {
    const schema = section(
      {
        cpu: quantity('CPU.').optional(),
        names: oneOrMany(text('a name', 'A name.'), 'names', 'Names.').optional(),
        values: foreign('Values.').optional(),
        rule: z.looseObject({host: text('a host', 'A host.')}).optional(),
        on: z.literal(true).optional(),
      },
      'A section.',
    )
    expect(structural(schema)).toEqual({
      type: 'object',
      description: 'A section.',
      properties: {
        cpu: {description: 'CPU.', 'x-kubernetes-int-or-string': true},
        names: {description: 'Names.', 'x-kubernetes-preserve-unknown-fields': true},
        values: {type: 'object', description: 'Values.', 'x-kubernetes-preserve-unknown-fields': true},
        rule: {
          type: 'object',
          required: ['host'],
          properties: {host: {type: 'string', description: 'A host.', minLength: 1}},
          'x-kubernetes-preserve-unknown-fields': true,
        },
        on: {type: 'boolean', enum: [true]},
      },
    })
  })

  test('of a patch may be null anywhere but inside a list', () => {
    const schema = section({list: z.array(z.string()).optional(), map: section({a: z.string()}, 'A.')}, 'B.')
    expect(structural(schema, {nullable: true})).toMatchObject({
      nullable: true,
      properties: {
        list: {nullable: true, items: {type: 'string'}},
        map: {nullable: true, properties: {a: {nullable: true}}},
      },
    })
    expect(JSON.stringify(structural(schema, {nullable: true}))).not.toContain('"items":{"type":"string","nullable"')
  })
})
