import {compareQuantities, parseQuantity} from '../go/quantity.ts'
import type {Container} from '../pod.ts'
import {keys} from './annotations.ts'
import type {Draft} from './draft.ts'
import {initName, proxyName, validationName} from './names.ts'
import {RefusedValue} from './rendering.ts'
import type {ResourceSettings} from './settings.ts'

/** What the API server would refuse anyway is refused here, with a reason; `checked` are resources that are known to be good. */
export function refuseUnacceptable({containers, initContainers}: Draft, checked: ResourceSettings): void {
  const all = [...initContainers, ...containers]
  for (const name of [proxyName, initName, validationName]) {
    if (all.filter((container) => container.name === name).length < 2) continue
    throw new RefusedValue(
      `the pod would have two containers named ${name}; remove its own, or the part of annotations ${keys.nativeSidecar} and ${keys.templates} that places a second one`,
    )
  }
  for (const {name, resources} of all) {
    if (name === proxyName && resources !== undefined && resources !== checked) checkResources(resources)
  }
}

function checkResources({requests = {}, limits = {}}: ResourceSettings | NonNullable<Container['resources']>): void {
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
