import {expect, test} from 'vitest'
import {expressionFault} from './expression.ts'

test.for(['/orders/[0-9]+', '(?i)qa-.*', '(?P<id>[a-z]+)', '(?i:a)b', 'a{1,1000}', '\\\\1', '[[:alpha:]]'])(
  '%s can be read by every mesh',
  (text) => {
    expect(expressionFault(text)).toBeUndefined()
  },
)

test.for([
  ['(?=x)', 'RE2 has neither lookaround nor back references'],
  ['(?<!x)y', 'RE2 has neither lookaround nor back references'],
  ['(a)\\1', 'RE2 has neither lookaround nor back references'],
  ['a{1001}', 'RE2 repeats at most 1000 times'],
  ['(a', 'it is not well-formed'],
  ['*a', 'it is not well-formed'],
  ['[z-a]', 'it is not well-formed'],
] as const)('%s cannot', ([text, fault]) => {
  expect(expressionFault(text)).toBe(fault)
})
