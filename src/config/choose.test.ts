import {expect, test} from 'vitest'
import {chosenEnvironment} from './choose.ts'

test('the flag chooses the environment, then MESHWRIGHT_ENV, else the base it is', () => {
  expect(chosenEnvironment('staging', {MESHWRIGHT_ENV: 'production'})).toBe('staging')
  expect(chosenEnvironment(undefined, {MESHWRIGHT_ENV: 'production'})).toBe('production')
  expect(chosenEnvironment(undefined, {MESHWRIGHT_ENV: ''})).toBeUndefined()
  expect(chosenEnvironment(undefined, {NODE_ENV: 'production'})).toBeUndefined()
})
