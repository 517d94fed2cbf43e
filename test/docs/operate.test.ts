import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {ownMetrics} from '../prometheus/own-metrics.ts'
import {rulesIn} from '../prometheus/rules.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8')
const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, heading = '']) => heading)

describe('the page on operating', () => {
  test('has a row for every metric that webhook and controller serve, and for no other', async () => {
    const told = [...page.matchAll(/^\| `(meshwright_[a-z_]+)` \|/gm)].map(([, name = '']) => name)
    const served = [...(await ownMetrics())]
      .filter((name) => name.startsWith('meshwright_'))
      .map((name) => name.replace(/_(bucket|sum|count)$/, ''))
    expect(told.sort()).toEqual([...new Set(served)].sort())
  })

  test('has a heading for every alert, under which what to do stands, and for no other', () => {
    const alerts = rulesIn('prometheus/alerts.yaml').flatMap(({alert}) => alert ?? [])
    expect(headings.toSorted()).toEqual(alerts.toSorted())
    const texts = page.split(/^### .*$/m).slice(1)
    expect(texts.filter((text) => text.trim().length < 100)).toEqual([])
  })
})
