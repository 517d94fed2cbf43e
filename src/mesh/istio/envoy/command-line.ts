import {parseQuantity, scaledValue} from '../../go/quantity.ts'
import {invalid, keys, own} from '../annotations.ts'
import {annotationOr, RefusedValue, type Rendering} from '../rendering.ts'
import {shown} from '../yaml-text.ts'
import type {EnvoySettings} from './settings.ts'

const levels = ['trace', 'debug', 'info', 'warning', 'warn', 'error', 'critical', 'off']
const component = new RegExp(`^[a-z0-9_]+:(?:${levels.join('|')})$`)

/** Envoy's arguments after its bootstrap, as pilot-agent chooses them (Istio 1.31 pkg/envoy/proxy.go). */
export function commandLine(rendering: Rendering, {ipFamily}: EnvoySettings): readonly string[] {
  const {level, components} = logLevels(rendering)
  const threads = concurrency(rendering)
  return [
    '--log-level',
    level,
    ...(components.length === 0 ? [] : ['--component-log-level', components.join(',')]),
    ...(threads === 0 ? [] : ['--concurrency', String(threads)]),
    '--drain-time-s',
    drainSeconds(rendering),
    '--drain-strategy',
    'immediate',
    '--file-flush-interval-msec',
    '1000',
    '--local-address-ip-version',
    ipFamily === 'IPv6' ? 'v6' : 'v4',
    // It would need shared memory, and nothing here restarts Envoy in place.
    '--disable-hot-restart',
  ]
}

/** ProxyConfig's duration, which is protobuf's text for it: `45s`, `1.500s`. */
function drainSeconds({proxyConfig}: Rendering): string {
  const duration = proxyConfig['drainDuration']
  return typeof duration === 'string' ? String(Math.trunc(Number.parseFloat(duration))) : '45'
}

/** One text may hold both: `debug,http:trace`. Envoy does not start with a level that it does not know. */
function logLevels(rendering: Rendering): {readonly level: string; readonly components: readonly string[]} {
  const parts = listOf(annotationOr(rendering, keys.logLevel, 'global.proxy.logLevel'))
  const within = parts.filter((part) => part.includes(':'))
  const level = parts.findLast((part) => !part.includes(':')) ?? 'warning'
  if (!levels.includes(level)) throw refusal(rendering, keys.logLevel, level, `use ${levels.join(', ')}`)
  const components =
    within.length > 0
      ? within
      : listOf(annotationOr(rendering, keys.componentLogLevel, 'global.proxy.componentLogLevel'))
  const odd = components.find((part) => !component.test(part))
  const key = within.length > 0 ? keys.logLevel : keys.componentLogLevel
  if (odd !== undefined) throw refusal(rendering, key, odd, 'use NAME:LEVEL with commas between')
  return {level, components}
}

function listOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(',')
}

function refusal({annotations}: Rendering, key: string, value: string, fix: string): RefusedValue {
  if (own(annotations, key) !== undefined) return new RefusedValue(invalid(key, value, fix))
  return new RefusedValue(`the chart's log level is ${shown(value)}, which Envoy does not know; ${fix}`)
}

/** Worker threads: as ProxyConfig says, else one for each CPU of the limit; 0 is one for each CPU of the node. */
function concurrency({proxyConfig, resources}: Rendering): number {
  const asked = proxyConfig['concurrency']
  if (typeof asked === 'number') return Math.max(asked, 0)
  const limit = parseQuantity(resources.limits?.['cpu'] ?? '')
  return limit === undefined ? 0 : Number(scaledValue(limit, 0))
}
