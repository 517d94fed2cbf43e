import {describe, expect, test} from 'vitest'
import {keyAdvice, nearestName, suggestion} from './keys.ts'
import {fileSchema} from './schema.ts'
import {schemaAt} from './shape.ts'

const below = (...path: string[]) => schemaAt(fileSchema, path) ?? fileSchema

describe('the nearest name', () => {
  test.each([
    ['stagging', 'staging'],
    ['PRODUCTION', 'production'],
    ['porduction', 'production'],
    ['dev', undefined],
    ['q', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ])('of %s is %s', (name, near) => {
    expect(nearestName(name, ['staging', 'production', 'p'])).toBe(near)
  })

  test('without one, all names are told', () => {
    expect(suggestion('zzz', ['a', 'b'])).toBe('; there is a, b')
    expect(suggestion('zzz', [])).toBe('')
  })
})

describe('an unknown key', () => {
  test.each([
    ['samplingrate', ['mesh', 'telemetry'], '; did you mean samplingRate?'],
    [
      'samplingRate',
      ['mesh', 'tracing'],
      '; did you mean sampleRate? (samplingRate belongs at mesh.telemetry.samplingRate)',
    ],
    ['accessLogFile', ['mesh'], '; accessLogFile belongs at mesh.sidecar.proxy.config.accessLogFile'],
    ['zzzzzz', ['mesh', 'security'], '; known here: mutualTLS'],
    ['constructor', ['mesh', 'security'], '; known here: mutualTLS'],
    ['extend', ['environments', 'production'], '; did you mean extends?'],
  ])('%s in %j%s', (key, path, advice) => {
    expect(keyAdvice(key, below(...path))).toBe(advice)
  })
})
