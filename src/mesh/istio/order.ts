import type {Container} from '../pod.ts'
import {findContainer, type Draft} from './draft.ts'
import {initName, proxyName, validationName} from './names.ts'

const coreDumpName = 'enable-core-dump'

/** Puts the containers into the order in which they have to start (pkg/kube/inject/webhook.go reorderPod). */
export function reorder(draft: Draft, hold: boolean): Draft {
  const containers = hold ? first(draft.containers, proxyName) : last(draft.containers, proxyName)
  // A native sidecar comes first, so that the user's init containers are in the mesh. Otherwise traffic is captured after
  // them, for there is no proxy yet; the validation only looks, and blocks everything until the node is done.
  const initContainers =
    findContainer(draft.initContainers, proxyName) === undefined
      ? last(last(first(draft.initContainers, validationName), initName), coreDumpName)
      : first(draft.initContainers, initName, validationName, proxyName, coreDumpName)
  return {...draft, containers, initContainers}
}

function first(list: readonly Container[], ...names: readonly string[]): readonly Container[] {
  const front: Container[] = []
  for (const name of names) {
    const found = list.findLast((container) => container.name === name)
    if (found !== undefined) front.push(found)
  }
  return front.every((container, place) => list[place] === container)
    ? list
    : [...front, ...list.filter(({name}) => !names.includes(name))]
}

function last(list: readonly Container[], name: string): readonly Container[] {
  const place = list.findIndex((container) => container.name === name)
  if (place < 0 || place === list.length - 1) return list
  const found = list.filter((container) => container.name === name).slice(-1)
  return [...list.filter((container) => container.name !== name), ...found]
}
