import {expect, it} from 'vitest'
import {Failure} from './failure.ts'
import {parseSelector} from './manifest-selector.ts'

const labels = {app: 'web', tier: 'a', 'example.com/x': '1'}

it.each([
  ['app=web', true],
  ['app==web,tier=a', true],
  ['app=web,tier=b', false],
  ['app!=api', true],
  ['none!=x', true],
  ['tier in (a, b)', true],
  ['tier notin (a,b),app', false],
  ['none notin (a)', true],
  ['example.com/x', true],
  ['!none, app', true],
  ['!app', false],
  ['constructor', false],
])('%s fits: %s', (selector, fits) => {
  expect(parseSelector(selector)({metadata: {labels}})).toBe(fits)
})

it.each(['', 'app=', 'a b', 'app in web', ',', 'app=we b', '=x'])('reads or refuses %j without a crash', (selector) => {
  const parse = () => parseSelector(selector)
  if (selector === 'app=') expect(parse()({metadata: {labels: {app: ''}}})).toBe(true)
  else expect(parse).toThrow(Failure)
})
