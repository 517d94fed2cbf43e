import {Ajv2020} from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {configurationJsonSchema} from './json-schema.ts'
import {loadConfiguration} from './load.ts'
import {fileSchema} from './schema.ts'
import {description, expects, knownPaths, schemaAt} from './shape.ts'

const validate = new Ajv2020({strict: true, allowUnionTypes: true}).compile(configurationJsonSchema())

describe('the JSON Schema', () => {
  test('describes every key for an editor', () => {
    for (const path of knownPaths(fileSchema)) {
      const schema = schemaAt(fileSchema, path) ?? fileSchema
      expect([path.join('.'), description(schema), expects(schema)]).not.toContain('')
    }
    expect(JSON.stringify(configurationJsonSchema())).not.toContain('expects')
  })

  test.each([
    {mesh: {type: 'istio', telemetry: {samplingRate: 0.1, tracing: {sampleRate: 0.1}}}},
    {mesh: {injectionNamespace: 'default'}, meshSecurity: {mutualTLS: true}},
    {mesh: {injectionNamespace: ['a', 'b'], istio: {values: {anything: [1, null]}}}},
    {
      environments: {
        production: {extends: 'staging', use: ['secure'], mesh: {sidecarImage: null}},
        staging: {},
        old: null,
      },
    },
    {meshSecurity: {authorizationPolicy: [{source: 'a', destination: 'b', action: 'ALLOW'}]}},
    {mesh: {sidecar: {resources: {limits: {cpu: 1, memory: '1Gi'}}}}},
  ])('takes %j, as loading does', (file) => {
    expect(validate(file)).toBe(true)
    expect(loadConfiguration([{file: 'mesh.json', text: JSON.stringify(file)}])).toMatchObject({ok: true})
  })

  test.each([
    {mesh: {typ: 'istio'}},
    {mesh: {type: 'nginx'}},
    {mesh: {telemetry: {samplingRate: 2}}},
    {mesh: {controlPlane: {port: 1.5}}},
    {environments: {production: {mesh: {autoInject: 'yes'}}}},
    {meshes: {}},
  ])('refuses %j, as loading does', (file) => {
    expect(validate(file)).toBe(false)
    expect(loadConfiguration([{file: 'mesh.json', text: JSON.stringify(file)}])).toMatchObject({ok: false})
  })

  test('takes whatever loads', () => {
    const paths = [...knownPaths(fileSchema)]
    const values = fc.constantFrom(
      null,
      true,
      0,
      1,
      15010,
      'istio',
      'a',
      '10s',
      '1Gi',
      ['request_count'],
      [],
      {},
      'ALLOW',
    )
    fc.assert(
      fc.property(fc.constantFrom(...paths), values, (path, value) => {
        const file = path.reduceRight<unknown>((below, key) => ({[key]: below}), value)
        const loads = loadConfiguration([{file: 'mesh.json', text: JSON.stringify(file)}]).ok
        expect(!loads || validate(file)).toBe(true)
      }),
      {numRuns: 500},
    )
  })
})
