import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {metricsIn} from './expression.ts'
import {needsPrometheus} from './install.ts'
import {ownMetrics} from './own-metrics.ts'
import {manifests, rulesIn} from './rules.ts'

const file = 'prometheus/alerts.yaml'
const unitTests = join(import.meta.dirname, 'alerts.test.yaml')

describe('alerts', () => {
  const alerts = rulesIn(file)

  test.each(alerts)(
    '$alert says what it is, what it means and where to read on',
    ({alert = '', labels, annotations}) => {
      expect(labels?.['severity']).toMatch(/^(warning|critical)$/)
      expect(annotations).toEqual({
        summary: expect.stringMatching(/^\S.*[^.]$/),
        description: expect.stringMatching(/\.$/),
        runbook_url: `docs/operate.md#${alert.toLowerCase()}`,
      })
    },
  )

  test.each(alerts)('$alert reads only metrics that are served', async ({expr}) => {
    const served = await ownMetrics()
    const read = metricsIn(expr)
    expect(read).not.toEqual([])
    expect(read.filter((name) => !served.has(name))).toEqual([])
  })

  test.each(alerts)('$alert has a unit test', ({alert = ''}) => {
    expect(readFileSync(unitTests, 'utf8')).toContain(`alertname="${alert}"`)
  })
})

await needsPrometheus('promtool', ({promtool}) => {
  test.each([
    ['check', 'rules', join(manifests, file)],
    ['test', 'rules', unitTests],
  ])('%s %s', (...args) => {
    const {status, stdout, stderr} = spawnSync(promtool, args, {encoding: 'utf8'})
    expect(status, `${stdout}${stderr}`).toBe(0)
  })
})
