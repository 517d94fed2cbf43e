import {describe, expect, test} from 'vitest'
import {effects} from './effects.ts'
import {explain, type Explanation} from './explain.ts'
import {loadConfiguration} from './load.ts'
import {fileSchema} from './schema.ts'
import {keysOf, knownPaths, schemaAt} from './shape.ts'
import {canonicalPath} from './spelling.ts'

const result = loadConfiguration([
  {
    file: 'mesh.yaml',
    text: `mesh: {tracing: {sampleRate: 0.5}, istio: {values: {global: {hub: h}}}}
environments:
  quiet: {mesh: {telemetry: {samplingRate: 0}}}
  same: {mesh: {telemetry: {samplingRate: 0.5}}}
`,
  },
])

function explained(key: string): Explanation {
  if (!result.ok) throw new Error('does not load')
  const answer = explain(key, result.loaded)
  if (!answer.ok) throw new Error(answer.message)
  return answer.explanation
}

describe('explaining a key', () => {
  test.each(['mesh.telemetry.samplingRate', 'mesh.tracing.sampleRate', 'mesh.telemetry.tracing.sampleRate'])(
    'in the spelling %s tells of the canonical one, and which environments set it to what',
    (key) => {
      expect(explained(key)).toMatchObject({
        key: 'mesh.telemetry.samplingRate',
        type: 'a number from 0 to 1 (0.1 is one request in ten)',
        description: 'The share of requests that are traced.',
        otherSpellings: ['mesh.telemetry.tracing.sampleRate', 'mesh.tracing.sampleRate'],
        values: [
          {value: '0.5', origin: 'mesh.yaml:1:30 (base)'},
          {environment: 'quiet', value: '0', origin: 'mesh.yaml:3:44 (environment quiet)'},
        ],
      })
    },
  )

  test('tells its default and who may set it', () => {
    expect(explained('mesh.type')).toMatchObject({default: 'istio', setBy: 'the base, templates and environments'})
    expect(explained('mesh.bounds.cpu.min').setBy).toBe('the base only')
  })

  test('of a section lists its keys', () => {
    expect(explained('mesh.controlPlane').keys).toEqual(['address', 'port'])
  })

  test('follows a path into Helm values', () => {
    expect(explained('mesh.istio.values.global.hub').values).toEqual([{value: '"h"', origin: 'mesh.yaml:1:67 (base)'}])
  })

  test('that does not exist names the nearest', () => {
    expect(result.ok && explain('mesh.telemetry.samplingrate', result.loaded)).toEqual({
      ok: false,
      message: 'unknown key mesh.telemetry.samplingrate; did you mean samplingRate?',
    })
  })
})

test('every key that holds a value says what each mesh does with it', () => {
  const valued = [...knownPaths(fileSchema)]
    .filter(([section]) => section === 'mesh' || section === 'meshSecurity')
    .filter((path) => {
      const schema = schemaAt(fileSchema, path)
      return schema !== undefined && keysOf(schema) === undefined
    })
    .map((path) => canonicalPath(path).join('.'))
    // Of a policy, only the whole has an effect.
    .map((key) => (key.startsWith('meshSecurity.authorizationPolicy.') ? 'meshSecurity.authorizationPolicy' : key))
  expect(new Set(valued)).toEqual(new Set(effects.keys()))
})
