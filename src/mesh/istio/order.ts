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
      : [coreDumpName, proxyName, validationName, initName].reduce(first, draft.initContainers)
  return {...draft, containers, initContainers}
}

function first(list: readonly Container[], name: string): readonly Container[] {
  const found = list.findLast((container) => container.name === name)
  return found === undefined || list[0] === found
    ? list
    : [found, ...list.filter((container) => container.name !== name)]
}

function last(list: readonly Container[], name: string): readonly Container[] {
  const found = list.findLast((container) => container.name === name)
  return found === undefined ? list : [...list.filter((container) => container.name !== name), found]
}
