import type {NamespaceFacts} from '../objects.ts'
import type {Container, Pod} from '../pod.ts'
import {own} from './annotations.ts'
import {findInPod, draftOf, replaceInPod, podOf} from './draft.ts'
import {initName, proxyName, validationName} from './names.ts'
import {RefusedValue} from './rendering.ts'

const defaultId = 1337
/** Kubernetes takes no larger user or group. */
const largestId = 2147483647
const uidRange = 'openshift.io/sa.scc.uid-range'
const groupRange = 'openshift.io/sa.scc.supplemental-groups'

export interface ProxyIds {
  readonly uid: number
  readonly gid: number
}

export const defaultIds: ProxyIds = {uid: defaultId, gid: defaultId}

/** On OpenShift the proxy takes the last user and group that the namespace may use (pkg/kube/inject/openshift.go). */
export function openshiftIds({annotations}: NamespaceFacts): ProxyIds {
  const range = own(annotations, uidRange)
  const groups = (own(annotations, groupRange) ?? range ?? '').split(',').map(lastOf)
  const gid = groups.every((last) => last !== undefined) ? groups[0] : undefined
  const ids = {uid: lastOf(range ?? '') ?? defaultId, gid: gid ?? defaultId}
  if (ids.uid > largestId || ids.gid > largestId) {
    throw new RefusedValue(`the namespace's annotation ${uidRange} leads to an id above ${largestId}; correct it`)
  }
  return ids
}

/** `start/size` or `start-end`, 32 bits unsigned, as Go's Sscanf reads them. */
function lastOf(block: string): number | undefined {
  const separator = block.includes('/') ? '/' : '-'
  const match = /^\s*\+?(\d+)([/-])\s*\+?(\d+)/.exec(block)
  if (match === null || match[2] !== separator) return undefined
  const [start, second] = [Number(match[1]), Number(match[3])]
  if (start > 4294967295 || second > 4294967295) return undefined
  return separator === '/' ? (start + second - 1) % 4294967296 : second
}

/**
 * OpenShift gives every container the same user. On a user's istio-proxy that would let traffic past the capture, so an id
 * that an application container has too is taken for OpenShift's and dropped.
 */
export function withoutSharedUser(pod: Pod): Pod {
  const draft = draftOf(pod)
  const proxy = findInPod(draft, proxyName)
  if (proxy?.securityContext === undefined) return pod
  let [proxyUser, appUser] = [0, 0]
  for (const container of [...draft.containers, ...draft.initContainers]) {
    const user = container.securityContext?.runAsUser
    if (user === undefined) continue
    if (container.name === proxyName) proxyUser = user
    else if (container.name !== initName && container.name !== validationName) appUser = user
  }
  return proxyUser === appUser ? podOf(pod, replaceInPod(draft, proxyName, withoutUser)) : pod
}

function withoutUser(container: Container): Container {
  const {runAsUser: _, runAsGroup: __, ...rest} = container.securityContext ?? {}
  return {...container, securityContext: rest}
}
