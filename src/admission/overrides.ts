import {isIP} from 'node:net'
import {closest} from 'fastest-levenshtein'
import {parseQuantity} from '../mesh/go/quantity.ts'
import type {PodOverrides} from '../mesh/overrides.ts'
import type {StringMap} from '../mesh/pod.ts'
import type {RefusalCode} from '../codes/refusals.ts'
import {injectKey, quoted} from './decide.ts'

export const overridePrefix = 'meshwright.dev/'

type Parsed =
  | {readonly ok: true; readonly overrides: PodOverrides}
  | {readonly ok: false; readonly code: RefusalCode; readonly reason: string}

type Mutable = {-readonly [K in keyof PodOverrides]: PodOverrides[K]}
/** Writes the checked value, or says what was expected. */
type Reader = (text: string, into: Mutable) => string | undefined

const logLevels = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'] as const
/** Annotations are capped by the API server at 256 KiB together; a list of ports has no need of more than this. */
const longestList = 1000

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['proxy-cpu-request', quantity('proxyCpuRequest')],
  ['proxy-cpu-limit', quantity('proxyCpuLimit')],
  ['proxy-memory-request', quantity('proxyMemoryRequest')],
  ['proxy-memory-limit', quantity('proxyMemoryLimit')],
  [
    'log-level',
    (text, into) => {
      const level = logLevels.find((known) => known === text)
      if (level === undefined) return `one of ${logLevels.join(', ')}`
      into.logLevel = level
      return undefined
    },
  ],
  ['access-log', flag('accessLog')],
  ['exclude-inbound-ports', ports('excludeInboundPorts')],
  ['exclude-outbound-ports', ports('excludeOutboundPorts')],
  [
    'exclude-outbound-cidrs',
    (text, into) => {
      const cidrs = items(text)
      if (cidrs === undefined || !cidrs.every(isCidr))
        return 'address ranges with commas between, such as 10.0.0.0/8,fd00::/8'
      into.excludeOutboundCidrs = cidrs
      return undefined
    },
  ],
  [
    'sampling-rate',
    (text, into) => {
      const rate = /^(0|1|0?\.[0-9]{1,9}|0\.[0-9]{1,9}|1\.0{1,9})$/.test(text) ? Number(text) : Number.NaN
      if (Number.isNaN(rate)) return 'a number from 0 to 1, such as 0.1'
      into.samplingRate = rate
      return undefined
    },
  ],
  [
    'concurrency',
    (text, into) => {
      if (!/^[0-9]{1,4}$/.test(text)) return 'a number of worker threads from 0 (one for each core) to 9999'
      into.concurrency = Number(text)
      return undefined
    },
  ],
  ['hold-until-ready', flag('holdUntilReady')],
  ['native-sidecar', flag('nativeSidecar')],
])

/** The names of the settings that a pod may override, as in `meshwright.dev/<setting>`. */
export const overrideSettings: readonly string[] = [...readers.keys()]

const none: Parsed = {ok: true, overrides: {}}

/** Reads a pod's `meshwright.dev/` annotations: a closed list, every value checked, so that nothing is half applied. */
export function readOverrides(annotations: StringMap | undefined, labels: StringMap | undefined): Parsed {
  const stray = Object.keys(labels ?? {}).find((key) => key.startsWith(overridePrefix) && key !== injectKey)
  if (stray !== undefined)
    return {
      ok: false,
      code: 'MW2002',
      reason: `label ${quoted(stray)} means nothing; settings are annotations of the pod`,
    }
  if (annotations === undefined) return none
  const overrides: Mutable = {}
  for (const key of Object.keys(annotations)) {
    if (!key.startsWith(overridePrefix) || key === injectKey) continue
    const setting = key.slice(overridePrefix.length)
    const read = readers.get(setting)
    if (read === undefined) {
      return {
        ok: false,
        code: 'MW2002',
        reason: `annotation ${quoted(key)} is unknown; did you mean ${overridePrefix}${closest(setting.slice(0, 60), overrideSettings)}?`,
      }
    }
    const text = annotations[key] ?? ''
    const expected = read(text, overrides)
    if (expected !== undefined)
      return {ok: false, code: 'MW2003', reason: `annotation ${key} is ${quoted(text)}; write ${expected}`}
  }
  return {ok: true, overrides}
}

type KeysOf<T> = {
  [K in keyof PodOverrides]-?: Exclude<PodOverrides[K], undefined> extends T ? K : never
}[keyof PodOverrides]

function quantity(name: 'proxyCpuRequest' | 'proxyCpuLimit' | 'proxyMemoryRequest' | 'proxyMemoryLimit'): Reader {
  return (text, into) => {
    const parsed = parseQuantity(text)
    if (parsed === undefined || parsed.unscaled < 0n) return 'a quantity that is not negative, such as 100m or 128Mi'
    into[name] = text
    return undefined
  }
}

function flag(name: KeysOf<boolean>): Reader {
  return (text, into) => {
    if (text !== 'true' && text !== 'false') return 'true or false'
    into[name] = text === 'true'
    return undefined
  }
}

function ports(name: KeysOf<readonly number[]>): Reader {
  return (text, into) => {
    const list = items(text)
    if (list === undefined || !list.every((item) => /^[1-9][0-9]{0,4}$/.test(item) && Number(item) <= 65535)) {
      return 'ports from 1 to 65535 with commas between, such as 22,3306'
    }
    into[name] = list.map(Number)
    return undefined
  }
}

function items(text: string): string[] | undefined {
  const list = text.split(',', longestList + 1).map((item) => item.trim())
  return list.length > longestList ? undefined : list
}

function isCidr(text: string): boolean {
  const slash = text.indexOf('/')
  const family = isIP(text.slice(0, slash))
  const length = text.slice(slash + 1)
  return slash > 0 && family !== 0 && /^[0-9]{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128)
}
