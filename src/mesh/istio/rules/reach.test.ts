import {describe, expect, test} from 'vitest'
import type {Match} from '../../../intent/intent.ts'
import {covers} from './reach.ts'
import {match} from './testing.ts'

const prefix = (value: string): Partial<Match> => ({path: {kind: 'prefix', value}})
const textPrefix = (value: string): Partial<Match> => ({path: {kind: 'text-prefix', value}})
const exact = (value: string): Partial<Match> => ({path: {kind: 'exact', value}})
const regex = (value: string): Partial<Match> => ({path: {kind: 'regex', value}})
const header = (kind: 'exact' | 'prefix' | 'regex' | 'present', value = ''): Partial<Match> => ({
  headers: [{name: 'x', kind, value}],
})

describe('takes all requests of the other', () => {
  test.each([
    [prefix('/api'), prefix('/api/v2')],
    [prefix('/api'), textPrefix('/api/v')],
    [textPrefix('/a'), prefix('/api')],
    [textPrefix('/a'), exact('/api')],
    [textPrefix('/a'), textPrefix('/ab')],
    [prefix('/api/'), exact('/api')],
    [prefix('/'), regex('/x.*')],
    [prefix('/'), {method: 'GET'}],
    [{}, exact('/a')],
    [exact('/a'), {...exact('/a'), method: 'GET'}],
    [regex('/a.*'), regex('/a.*')],
    [header('present'), header('exact', 'a')],
    [header('prefix', 'a'), header('prefix', 'ab')],
    [header('exact', 'a'), {...header('exact', 'a'), ...exact('/a')}],
  ])('%j of %j', (earlier, later) => {
    expect(covers(match(earlier), match(later))).toBe(true)
  })
})

describe('does not', () => {
  test.each([
    [prefix('/api'), prefix('/apix')],
    [prefix('/api'), textPrefix('/api')],
    [prefix('/api/v2'), prefix('/api')],
    [prefix('/api'), regex('/api/x')],
    [exact('/a'), prefix('/a')],
    [{method: 'GET'}, {}],
    [{method: 'GET'}, {method: 'POST'}],
    [header('exact', 'a'), header('prefix', 'a')],
    [header('exact', 'a'), {}],
    [header('present'), exact('/a')],
  ])('%j of %j', (earlier, later) => {
    expect(covers(match(earlier), match(later))).toBe(false)
  })
})
