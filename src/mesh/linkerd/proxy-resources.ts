import {compareQuantities, parseQuantity, scaledValue} from '../go/quantity.ts'
import type {Resources} from '../pod.ts'
import {quoted} from './quoted.ts'
import type {ValuesReader} from './reader.ts'
import type {ProxySettings} from './settings.ts'

const largestInt64 = 2n ** 63n - 1n

/** A quantity's text from the values; Linkerd hands on any, and the API server then refuses every pod. */
export function readQuantityText(read: ValuesReader, ...path: string[]): string {
  const text = read.text(...path)
  const quantity = text === '' ? undefined : parseQuantity(text)
  if (text !== '' && (quantity === undefined || quantity.unscaled < 0n))
    read.problem(path, `${quoted(text)} is not a quantity such as 100m or 128Mi`)
  return text
}

/** Cores rounded up, as ToWholeCPUCores counts them; 0 where 64 bits do not hold them. Undefined: not a quantity. */
export function wholeCores(text: string): bigint | undefined {
  const quantity = parseQuantity(text)
  if (quantity === undefined) return undefined
  const cores = scaledValue(quantity, 0)
  return cores > largestInt64 || cores < -largestInt64 - 1n ? 0n : cores
}

/** What the proxy, linkerd-init and the validator ask for; undefined where nothing is set. */
export function resourcesOf(proxy: ProxySettings): Resources | undefined {
  const limits = quantities(proxy.cpuLimit, proxy.memoryLimit, proxy.storageLimit)
  const requests = quantities(proxy.cpuRequest, proxy.memoryRequest, proxy.storageRequest)
  if (limits === undefined && requests === undefined) return undefined
  return {...(limits && {limits}), ...(requests && {requests})}
}

/** Why the API server would refuse these resources, or undefined. */
export function resourcesProblem({limits, requests}: Resources): string | undefined {
  for (const [kind, map] of [
    ['limit', limits],
    ['request', requests],
  ] as const) {
    for (const [name, value] of Object.entries(map ?? {})) {
      const quantity = parseQuantity(String(value))
      if (quantity === undefined || quantity.unscaled < 0n)
        return `the proxy's ${name} ${kind} ${quoted(String(value))} is not a quantity of zero or more`
    }
  }
  for (const [name, value] of Object.entries(requests ?? {})) {
    const limit = limits !== undefined && Object.hasOwn(limits, name) ? limits[name] : undefined
    const request = parseQuantity(String(value))
    const most = limit === undefined ? undefined : parseQuantity(String(limit))
    if (request !== undefined && most !== undefined && compareQuantities(request, most) > 0)
      return `the proxy's ${name} request ${quoted(String(value))} is above its limit ${quoted(String(limit))}; lower the request or raise the limit`
  }
  return undefined
}

function quantities(cpu: string, memory: string, storage: string): Record<string, string> | undefined {
  if (cpu === '' && memory === '' && storage === '') return undefined
  return {
    ...(cpu !== '' && {cpu}),
    ...(storage !== '' && {'ephemeral-storage': storage}),
    ...(memory !== '' && {memory}),
  }
}
