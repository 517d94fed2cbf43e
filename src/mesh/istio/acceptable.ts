import {compareQuantities, parseQuantity} from '../go/quantity.ts'
import type {Container} from '../pod.ts'
import {keys} from './annotations.ts'
import {findInPod, type Draft} from './draft.ts'
import {initName, proxyName, validationName} from './names.ts'
import {RefusedValue} from './rendering.ts'

/** What the API server would refuse anyway is refused here, with a reason; `checked` are resources that are known to be good. */
export function refuseUnacceptable({containers, initContainers}: Draft, checked: Container['resources']): void {
  for (const name of [proxyName, initName, validationName]) {
    if (count(initContainers, name) + count(containers, name) < 2) continue
    throw new RefusedValue(
      `the pod would have two containers named ${name}; remove its own, or the part of annotations ${keys.nativeSidecar} and ${keys.templates} that places a second one`,
    )
  }
  const resources = findInPod({containers, initContainers}, proxyName)?.resources
  if (resources !== undefined && resources !== checked) checkResources(resources)
}

function count(containers: readonly Container[], wanted: string): number {
  let found = 0
  for (const {name} of containers) if (name === wanted) found++
  return found
}

function checkResources({requests = {}, limits = {}}: NonNullable<Container['resources']>): void {
  for (const [side, quantities] of Object.entries({requests, limits})) {
    for (const [name, quantity] of Object.entries(quantities)) {
      if (!String(quantity).startsWith('-')) continue
      throw new RefusedValue(`the proxy's ${side} of ${name} is ${String(quantity)}; a quantity must not be negative`)
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined
    if (limit === undefined || limit === request) continue
    const [asked, most] = [parseQuantity(String(request)), parseQuantity(String(limit))]
    if (asked !== undefined && most !== undefined && compareQuantities(asked, most) > 0) {
      throw new RefusedValue(
        `the proxy's request of ${name} ${request} is above its limit ${limit}; lower one or raise the other`,
      )
    }
  }
}
