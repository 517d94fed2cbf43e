import {describe, expect, it} from 'vitest'
import {canonicalQuantity, compareQuantities, parseQuantity, printQuantity, scaledValue} from './quantity.ts'

/** What resource.Quantity of k8s.io/apimachinery 0.35.2 prints for each text. */
const printed = {
  '0': '0',
  '+': '0',
  m: '0',
  '0Mi': '0',
  '1500m': '1500m',
  '1000m': '1',
  '1e3': '1e3',
  '100e3': '100e3',
  '+2': '+2',
  '0100m': '0100m',
  '1.': '1.',
  '12e6': '12e6',
  '250e-3': '250e-3',
  '1e-1': '100e-3',
  '0.5': '500m',
  '2048Mi': '2Gi',
  '0.5Gi': '512Mi',
  '1.5Ki': '1536',
  '0.1Ki': '102400m',
  '1000000': '1M',
  '1000u': '1m',
  '1.0001': '1000100u',
  '0.1n': '1n',
  '-17m': '-17m',
  '-0.1n': '-1n',
  '-28.540950Ti': '-31381106392773427200u',
  '16Ei': '9223372036854775807',
}

describe('a quantity', () => {
  it.each(Object.entries(printed))('%s prints as %s', (text, expected) => {
    const quantity = parseQuantity(text)
    expect(quantity && printQuantity(quantity)).toBe(expected)
    expect(canonicalQuantity(text)).toBe(expected)
  })

  it.each(['', '-.e-10', 'lots', '1e', '1 ', '1K', '1Kii', '1e+', 'Ki1', '1e10x', '9'.repeat(129), '1e401'])(
    '%j is none',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined()
      expect(canonicalQuantity(text)).toBeUndefined()
    },
  )

  it('compares by value, whatever the spelling', () => {
    expect(order('1', '1000m')).toBe(0)
    expect(order('1Gi', '1G')).toBe(1)
    expect(order('-1', '0.1n')).toBe(-1)
  })

  it('rounds up to whole units', () => {
    expect(ceiling('1500m', 0)).toBe(2n)
    expect(ceiling('1u', -3)).toBe(1n)
    expect(ceiling('2', -3)).toBe(2000n)
    expect(ceiling('64Mi', 0)).toBe(67_108_864n)
  })

  it('answers at once for hostile text', () => {
    expect(parseQuantity(`${'1'.repeat(1_000_000)}x`)).toBeUndefined()
  })
})

function order(a: string, b: string): number | undefined {
  const [left, right] = [parseQuantity(a), parseQuantity(b)]
  return left && right && compareQuantities(left, right)
}

function ceiling(text: string, unit: 0 | -3): bigint | undefined {
  const quantity = parseQuantity(text)
  return quantity && scaledValue(quantity, unit)
}
