import type {Finding} from '../mesh/finding.ts'
import {findingCodes} from '../codes/findings.ts'
import type {Io, Output} from './io.ts'

/** What became of a line's subject, as `linkerd check` and its kin write it. */
export type Mark = 'done' | 'attention' | 'failed'

const marks = {
  done: {sign: '√', colour: 32},
  attention: {sign: '‼', colour: 33},
  failed: {sign: '×', colour: 31},
} as const satisfies Record<Mark, {sign: string; colour: number}>

/** The report of a command for people, on stderr: data belongs to stdout. */
export class Report {
  readonly #io: Io

  constructor(io: Io) {
    this.#io = io
  }

  line(mark: Mark, text: string): void {
    this.#io.stderr.write(`${signFor(mark, this.#io.stderr, this.#io)} ${onOneLine(text)}\n`)
  }

  /** `  MW3002 mesh.telemetry.metrics: …`, below the line that it belongs to. */
  finding({kind, key, message}: Finding): void {
    this.#io.stderr.write(`  ${findingCodes[kind]} ${onOneLine(`${key}: ${message}`)}\n`)
  }

  plain(text: string): void {
    this.#io.stderr.write(`${printable(text)}\n`)
  }
}

/** The sign of a mark, in its colour where the output is a terminal that is to have colours. */
export function signFor(mark: Mark, output: Output, {env}: Io): string {
  const {NO_COLOR, TERM} = env
  const {sign, colour} = marks[mark]
  const coloured = output.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb'
  return coloured ? `\u{1b}[${colour}m${sign}\u{1b}[0m` : sign
}

/** Names in a manifest are anybody's: what would steer a terminal is shown as an escape. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** A tenant's line break would otherwise begin a line that nobody of ours has written. */
export function onOneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n')
}

/** Rows under a heading, padded to columns. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows].map((row) => row.map(onOneLine))
  const widths = heading.map((_, column) =>
    lines.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  )
  return lines
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
