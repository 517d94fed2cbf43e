import type {EnvVar} from '../pod.ts'
import {isValues, type Values} from '../values.ts'
import {printScalar, type ValuesReader} from './reader.ts'
import {snakeCase} from './snake-case.ts'

/** `proxy.inbound.SCOPE.PROTOCOL.PARAMETER`: every map is walked in the order of its keys. */
export function readParams(read: ValuesReader, direction: 'inbound' | 'outbound'): EnvVar[] {
  const env: EnvVar[] = []
  for (const [scope, protocols] of sortedEntries(read.map('proxy', direction))) {
    if (!isValues(protocols)) {
      read.problem(['proxy', direction, scope], 'must be a map of protocols')
      continue
    }
    for (const [protocol, params] of sortedEntries(protocols)) {
      if (!isValues(params)) {
        read.problem(['proxy', direction, scope, protocol], 'must be a map of parameters')
        continue
      }
      for (const [param, value] of sortedEntries(params)) {
        const text = printScalar(value)
        if (text === undefined)
          read.problem(['proxy', direction, scope, protocol, param], 'must be a text, a number, true or false')
        else env.push({name: variableName(direction, scope, protocol, param), value: text})
      }
    }
  }
  return env
}

function variableName(...keys: readonly string[]): string {
  return `LINKERD2_PROXY_${keys.map((key) => snakeCase(key).toUpperCase()).join('_')}`
}

function sortedEntries(map: Values): (readonly [string, unknown])[] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
}
