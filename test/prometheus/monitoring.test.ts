import {spawnSync} from 'node:child_process'
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {createMetrics} from '../../src/obs/metrics.ts'
import {Tally} from '../../src/obs/tally.ts'
import type {Dashboard} from '../../src/monitoring/dashboard.ts'
import {monitoringFiles} from '../../src/monitoring/files.ts'
import {ownDashboard} from '../../src/monitoring/own-dashboard.ts'
import {recordingRules} from '../../src/monitoring/recording.ts'
import {trafficDashboard} from '../../src/monitoring/traffic-dashboard.ts'
import * as expositions from './expositions.ts'
import {metricsIn} from './expression.ts'
import {needsPrometheus} from './install.ts'
import {ownMetrics} from './own-metrics.ts'
import {manifests} from './rules.ts'
import {serveExpositions, startPrometheus, vectorOf, type Prometheus} from './server.ts'

const recordings = Object.keys(recordingRules).map((mesh) => join(manifests, `prometheus/recording-${mesh}.yaml`))
const dashboards = [trafficDashboard, ownDashboard]

/** Every expression of a dashboard, as Grafana would send it where everything is picked. */
function expressionsOf({rows}: Dashboard): readonly {readonly panel: string; readonly expr: string}[] {
  return rows.flatMap(({panels}) =>
    panels.flatMap(({title, targets}) =>
      targets.map(({expr}) => ({
        panel: title,
        expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(mesh|namespace|service)/g, '.+'),
      })),
    ),
  )
}

test.each(Object.entries(monitoringFiles()))('manifests/%s is as packaging/monitoring.ts writes it', (file, text) => {
  const path = join(manifests, file)
  expect(existsSync(path) && readFileSync(path, 'utf8')).toBe(text)
})

describe.each(dashboards)('the dashboard $title', (dashboard) => {
  test('reads only what the rules record or our processes serve', async () => {
    const recorded = Object.values(recordingRules).flatMap((rules) => rules.map(({record}) => record))
    const known = new Set([...recorded, ...(await ownMetrics())])
    const picked = dashboard.variables.flatMap(
      ({query}) => /^label_values\((.*), \w+\)$/.exec(query)?.[1]?.replaceAll(/\$\w+/g, '') ?? [],
    )
    const read = [...expressionsOf(dashboard).map(({expr}) => expr), ...picked].flatMap(metricsIn)
    expect(read.length).toBeGreaterThan(10)
    expect(read.filter((metric) => !known.has(metric))).toEqual([])
  })

  test('says of every panel what it shows, each in a place of its own', () => {
    const places = new Set<string>()
    const drawn = JSON.parse(monitoringFiles()[`grafana/${dashboard.uid}.json`] ?? '') as {
      panels: {
        id: number
        title: string
        description?: string
        type: string
        gridPos: {x: number; y: number; w: number}
      }[]
    }
    for (const {type, title, description = '', gridPos} of drawn.panels) {
      if (type !== 'row') expect(description, title).not.toBe('')
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      places.add(`${gridPos.x} ${gridPos.y}`)
    }
    expect(places.size).toBe(drawn.panels.length)
    expect(new Set(drawn.panels.map(({id}) => id)).size).toBe(drawn.panels.length)
  })
})

await needsPrometheus('rules and dashboards in a real Prometheus', (programs) => {
  test.each([
    ['check', 'rules', ...recordings],
    ['test', 'rules', join(import.meta.dirname, 'recording.test.yaml')],
  ])('promtool %s %s', (...args) => {
    const {status, stdout, stderr} = spawnSync(programs.promtool, args, {encoding: 'utf8'})
    expect(status, `${stdout}${stderr}`).toBe(0)
  })

  describe('that scrapes sidecars and a webhook', () => {
    let served: Awaited<ReturnType<typeof serveExpositions>>
    let prometheus: Prometheus
    beforeAll(async () => {
      const tally = new Tally()
      const registry = createMetrics(tally, () => 0)
      let own = ''
      served = await serveExpositions({
        istio: expositions.istio,
        linkerd: expositions.linkerd,
        own: () => {
          tally.decided('istio', 'injected', 'MW1001', 0.001)
          void registry.metrics().then((text) => (own = text))
          return own
        },
      })
      const rules = recordings.map((file) => readFileSync(file, 'utf8').replaceAll('interval: 15s', 'interval: 500ms'))
      prometheus = await startPrometheus(
        programs,
        ['istio', 'linkerd', 'own'].map((path) => `${served.address}/${path}`),
        rules,
      )
      await prometheus.scraped(8)
    })
    afterAll(async () => {
      await prometheus.stop()
      await served.stop()
    })

    test.each(dashboards.flatMap(expressionsOf))('takes the expression of $panel: $expr', async ({expr}) => {
      await vectorOf(prometheus.url, expr)
    })

    // Only what no mesh here tells, or nothing that went wrong.
    const silent = new Set([
      'Errors of the webhook',
      'Time left in the cluster',
      'Changes that were not taken',
      'Watches out of date',
    ])
    const visible = expressionsOf(trafficDashboard)
      .concat(
        expressionsOf(ownDashboard).filter(
          ({expr}) => !/meshwright_(controller|cabundle|certificates|certificate_(authorities|failing))_?/.test(expr),
        ),
      )
      .filter(({panel}) => !silent.has(panel))
    test.each(visible)('has something to show in $panel: $expr', async ({expr}) => {
      const labelled = expr.replaceAll('namespace=~".+"', 'namespace=~".*"')
      expect(await vectorOf(prometheus.url, labelled)).not.toEqual([])
    })

    test('every rule of the meshes scraped has recorded', async () => {
      const told = await vectorOf(prometheus.url, 'count by (__name__, mesh) ({__name__=~"meshwright:.+"})')
      const names = new Set(told.map(({labels}) => `${labels['mesh'] ?? ''} ${labels['__name__'] ?? ''}`))
      for (const mesh of ['istio', 'linkerd'] as const) {
        for (const {record, labels} of recordingRules[mesh])
          expect(names).toContain(`${labels?.['mesh'] ?? ''} ${record}`)
      }
      const unhealthy = await fetch(`${prometheus.url}/api/v1/rules?type=record`)
      const rules = (await unhealthy.json()) as {
        data: {groups: {rules: {name: string; health: string; lastError?: string}[]}[]}
      }
      expect(rules.data.groups.flatMap(({rules: all}) => all.filter(({health}) => health !== 'ok'))).toEqual([])
    })

    test('the same traffic is the same numbers on either mesh', async () => {
      const share = async (expression: string) => {
        const [sample] = await vectorOf(prometheus.url, expression)
        return sample?.value
      }
      for (const mesh of ['istio', 'linkerd']) {
        const of = `{mesh="${mesh}",service="user-service",namespace="shop"`
        expect(
          await share(
            `sum(meshwright:version_request_count:rate1m${of},version=~".*v2"}) / sum(meshwright:request_count:rate1m${of}})`,
          ),
        ).toBeCloseTo(0.2, 5)
        expect(
          await share(
            `histogram_quantile(0.95, sum by (le) (meshwright:request_duration_milliseconds_bucket:rate1m${of}}))`,
          ),
        ).toBeCloseTo(87.5, 3)
      }
    })
  })
})
