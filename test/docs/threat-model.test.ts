import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {absent} from '../faults/rows.ts'
import {needsShared} from '../shared.ts'

const root = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8')

interface Row {
  readonly id: string
  readonly held: string
}

const rows = [...page.matchAll(/^\| ([TCF]\d+) \|.*\| ([^|]+) \|$/gm)].map(([, id = '', held = '']): Row => ({
  id,
  held,
}))

describe('the threat model', () => {
  test('has its rows, each once', () => {
    expect(rows.length).toBeGreaterThan(60)
    expect(new Set(rows.map(({id}) => id)).size).toBe(rows.length)
  })

  test.each(rows)('$id is held by what it names, or says why by nothing', ({held}) => {
    if (held.startsWith('Not tested: ')) return
    const [, file = '', words = ''] = /^`([^`]+)`: (.+)$/.exec(held) ?? []
    expect(existsSync(join(root, file)), held).toBe(true)
    expect(readFileSync(join(root, file), 'utf8'), held).toContain(words)
  })

  test.each(absent)('says why row $number of the matrix was not tried', ({number, fault, because}) => {
    expect(page).toContain(`- ${fault} (${number}): ${because}.`)
  })
})

needsShared('the threat model beside the reference', (shared) => {
  const reference = readFileSync(join(shared, 'reference/reliability.md'), 'utf8')
  const rowsOf = (chapter: string) => {
    const [, text = ''] = new RegExp(`^## ${chapter}\\..*?$([^]*?)(?=^## |(?![^]))`, 'm').exec(reference) ?? []
    return text.split('\n').filter((line) => line.startsWith('|')).length - 2
  }

  test.each([
    ['1', 'C'],
    ['3', 'F'],
    // T13 is one that the reference does not have.
    ['4', 'T'],
  ])('answers every row of chapter %s', (chapter, letter) => {
    const answered = rows.filter(({id}) => id.startsWith(letter)).length
    expect(rowsOf(chapter)).toBeGreaterThan(10)
    expect(answered).toBeGreaterThanOrEqual(rowsOf(chapter))
  })
})
