import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {subsetNames} from './subset-names.ts'

describe('the name of a subset', () => {
  test.each([
    ['v1', 'v1'],
    ['v1.1.0', 'v1-1-0'],
    ['1.0.0-RC_1', '1-0-0-rc-1'],
  ])('%s is %s', (version, name) => {
    const names = subsetNames([version])
    expect(names.nameOf(version)).toBe(name)
    expect(names.versionOf(name)).toBe(version)
  })

  test('that is legal already stays with its version, whoever else would like it', () => {
    const names = subsetNames(['v1.1.0', 'v1-1-0'])
    expect(names.nameOf('v1-1-0')).toBe('v1-1-0')
    expect(names.nameOf('v1.1.0')).toMatch(/^v1-1-0-[0-9a-f]{8}$/)
  })

  test('is found with or without a leading v', () => {
    expect(subsetNames(['v1.0.0']).nameOf('1.0.0')).toBe('v1-0-0')
    expect(subsetNames(['v1']).nameOf('v2')).toBeUndefined()
  })
})

test('every version has a legal name of its own, one way and back, whatever the order', () => {
  const version = fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/)
  fc.assert(
    fc.property(fc.uniqueArray(version, {maxLength: 6}), (versions) => {
      const names = subsetNames(versions)
      const backwards = subsetNames(versions.toReversed())
      for (const one of versions) {
        const name = names.nameOf(one) ?? ''
        expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
        expect(names.versionOf(name)).toBe(one)
        expect(backwards.nameOf(one)).toBe(name)
      }
    }),
  )
})
