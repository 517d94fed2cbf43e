import {expect, test} from 'vitest'
import {configurationSchema} from '../../../config/schema.ts'
import {featureNames} from '../../../intent/features.ts'
import {linkerdRuleMesh} from './index.ts'
import {originOf, told, translatorOf} from './testing.ts'

function toldOf(mesh: object): readonly string[] {
  const {mesh: settings} = configurationSchema.parse({mesh: {type: 'linkerd', ...mesh}})
  const parts = translatorOf().namespace({
    namespace: 'shop',
    settings,
    originOf: (path) => originOf(path, 'MeshConfig'),
  })
  expect(parts.every(({objects}) => objects.length === 0)).toBe(true)
  return parts.flatMap(told)
}

test('metrics are always on, and all of them', () => {
  expect(toldOf({telemetry: {enabled: false}})).toEqual(['ignored MW6240 metrics-off'])
  expect(toldOf({telemetry: {enabled: true}})).toEqual([])
  expect(toldOf({telemetry: {metrics: ['request_count', 'request_size']}})).toEqual([
    'approximated MW6240 metrics-list',
  ])
})

test('traces go to a collector from injection on, and none are sampled', () => {
  expect(toldOf({telemetry: {samplingRate: 0.1}})).toEqual(['ignored MW6241 sampling'])
  expect(toldOf({tracing: {enabled: true}})).toEqual(['ignored MW6242 tracing'])
  expect(toldOf({tracing: {enabled: true, endpoint: 'otel.observability:4317'}})).toEqual([])
})

test("an access log is the proxy's own, on its standard output", () => {
  const log = (accessLogFile: string) => toldOf({sidecar: {proxy: {config: {accessLogFile}}}})
  expect(log('/dev/stdout')).toEqual(['approximated MW6243 access-log'])
  expect(log('/var/log/access')).toEqual(['ignored MW6244 access-log-file'])
})

test("health checks are the kubelet's", () => {
  expect(toldOf({serviceDiscovery: {healthCheckInterval: '10s'}})).toEqual(['ignored MW6246 health-check'])
})

test('every feature has an answer', () => {
  expect(Object.keys(linkerdRuleMesh.capabilities).sort()).toEqual([...featureNames].sort())
})
