import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {Counter} from './count.ts'
import {absentLine, lineOf, readTable, tableOf, verdictOf, withTable, type Result} from './page.ts'
import {check, type Row} from './row.ts'
import {absent, rows} from './rows.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reliability.md'), 'utf8')

function result(number: number, holds: boolean): Result {
  const row: Row = {number, fault: 'a fault', bar: 'a | b', isQuick: false, run: () => Promise.reject(new Error('no'))}
  const counter = new Counter()
  counter.add({kind: 'injected'}, 3)
  counter.add({kind: 'lost', why: 'ECONNRESET'}, 5)
  return {row, outcome: {done: 'this', count: counter.count, checks: [check(true, 'one'), check(holds, 'two')]}}
}

test('every row of the matrix is in the code: it is run, or it is said why not', () => {
  const numbers = [...rows, ...absent].map(({number}) => number).toSorted((a, b) => a - b)
  expect(numbers).toEqual(Array.from({length: 21}, (_, index) => index + 1))
})

test('every row is in the table of the page, which is as `make faults` wrote it', () => {
  const {lines, isIntact} = readTable(page)
  expect(isIntact).toBe(true)
  expect(lines.map(({number}) => number)).toEqual(Array.from({length: 21}, (_, index) => index + 1))
  const notRun = lines.filter(({verdict}) => verdict === 'not run').map(({number}) => number)
  expect(notRun).toEqual(expect.arrayContaining(absent.map(({number}) => number)))
})

test('a row holds when all of its checks do', () => {
  expect(verdictOf(result(1, true).outcome)).toBe('holds')
  expect(verdictOf(result(1, false).outcome)).toBe('fails')
  expect(verdictOf({done: '', notRun: 'no such program', checks: []})).toBe('not run')
})

test('the table takes the place of the old one, in order, and what stands around it stays', () => {
  const first = tableOf([lineOf(result(1, true))], 'On a machine.')
  const lines = [lineOf(result(3, false)), ...readTable(first).lines]
  const second = tableOf([...lines, absentLine({number: 2, fault: 'f', bar: 'b', because: 'why'})], 'On.')
  const text = withTable(`before\n${first}\nafter\n`, second)
  expect(text).toBe(`before\n${second}\nafter\n`)
  expect(readTable(text).isIntact).toBe(true)
  expect(readTable(text).lines.map(({number, verdict}) => [number, verdict])).toEqual([
    [1, 'holds'],
    [2, 'not run'],
    [3, 'fails'],
  ])
  expect(text).toContain('| 1 | a fault | a \\| b | this | 2 | 1 | 5 | one; two | holds |')
})

test('a table that was edited by hand is told', () => {
  const table = tableOf([lineOf(result(1, false))], 'On a machine.')
  expect(readTable(table.replace('| fails |', '| holds |')).isIntact).toBe(false)
})

test('a page without a table is not written to', () => {
  expect(() => withTable('nothing', 'table')).toThrow('has no table')
})
