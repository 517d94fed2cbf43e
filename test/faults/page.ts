import {createHash} from 'node:crypto'
import {failures} from './count.ts'
import {number, type Absent, type Outcome, type Row} from './row.ts'

/** A row with what came of it. */
export interface Result {
  readonly row: Row
  readonly outcome: Outcome
}

export type Verdict = 'holds' | 'fails' | 'not run'

/** One line of the table. */
export interface Line {
  readonly number: number
  readonly verdict: string
  readonly text: string
}

export interface Table {
  readonly lines: readonly Line[]
  /** It is as it was written. */
  readonly isIntact: boolean
}

const begin = '<!-- written by `make faults`: do not edit -->'
const end = /<!-- [0-9a-f]{64} -->/
const head = '| # | Fault | Expected | What was done | Requests | Lost | p99 ms | Measured | Verdict |'
const rule = '|---|---|---|---|---|---|---|---|---|'

export function verdictOf({checks, notRun}: Outcome): Verdict {
  if (notRun !== undefined) return 'not run'
  return checks.every(({holds}) => holds) ? 'holds' : 'fails'
}

export function lineOf({row, outcome}: Result): Line {
  const {count, checks, done, notRun} = outcome
  const measured = notRun ?? checks.map(({text, holds}) => (holds ? text : `**${text}**`)).join('; ')
  const counted = count === undefined ? ['', '', ''] : [number(count.attempted), failures(count), number(count.p99, 1)]
  const verdict = verdictOf(outcome)
  const text = cells([row.number, row.fault, row.bar, done, ...counted, measured, verdict])
  return {number: row.number, verdict, text}
}

export function absentLine({number, fault, bar, because}: Absent): Line {
  return {number, verdict: 'not run', text: cells([number, fault, bar, '', '', '', '', because, 'not run'])}
}

/** The lines in the order of the matrix, then a mark by which a table that was edited by hand is told. */
export function tableOf(lines: readonly Line[], conditions: string): string {
  const ordered = lines.toSorted((a, b) => a.number - b.number).map(({text}) => text)
  const text = [conditions, '', head, rule, ...ordered].join('\n')
  return `${begin}\n\n${text}\n\n${markOf(text)}`
}

/** The page with another table, and everything around it as it was. @throws where the page has no table */
export function withTable(page: string, table: string): string {
  const [from, to] = boundsOf(page)
  return page.slice(0, from) + table + page.slice(to)
}

/** Reads the table of a page. @throws where there is none */
export function readTable(page: string): Table {
  const [from, to] = boundsOf(page)
  const whole = page.slice(from, to)
  const text = whole.slice(begin.length).replace(end, '').trim()
  const lines = text
    .split('\n')
    .filter((line) => /^\| \d+ \|/.test(line))
    .map((line) => {
      const values = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
      return {number: Number(values[1]), verdict: values.at(-2) ?? '', text: line}
    })
  return {lines, isIntact: whole.endsWith(markOf(text))}
}

function boundsOf(page: string): [number, number] {
  const from = page.indexOf(begin)
  const found = end.exec(page.slice(from))
  if (from < 0 || found === null) throw new Error('the page has no table that was written by make faults')
  return [from, from + found.index + found[0].length]
}

function markOf(text: string): string {
  return `<!-- ${createHash('sha256').update(text).digest('hex')} -->`
}

function cells(values: readonly (string | number)[]): string {
  return `| ${values.map((value) => String(value).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}
