import type {SecurityContext} from '../pod.ts'
import {initUser, sidecarUser} from './keys.ts'
import type {Ids} from './openshift.ts'
import type {Settings} from './settings.ts'

/** Users of the injected containers; OpenShift hands out others. */
export const usualIds: Ids = {
  dataplane: {user: sidecarUser, group: sidecarUser},
  init: {user: initUser, group: initUser},
}

/** What a restricted Pod Security namespace asks of a container. */
const unprivileged = {
  capabilities: {drop: ['ALL']},
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  seccompProfile: {type: 'RuntimeDefault'},
} as const satisfies SecurityContext

export function sidecarSecurity({dataplane}: Ids): SecurityContext {
  return {...unprivileged, runAsUser: dataplane.user, runAsGroup: dataplane.group}
}

/**
 * The init container's: root with NET_ADMIN where it writes the rules of interception itself (privileged on OpenShift,
 * which lets it only then), unprivileged where the CNI plugin does or nothing is intercepted.
 */
export function initSecurity(transparentProxy: boolean, {init}: Ids, {cni, openShift}: Settings): SecurityContext {
  if (!transparentProxy) return unprivileged
  if (cni) return {...unprivileged, runAsUser: init.user, runAsGroup: init.group, privileged: false}
  return {
    capabilities: {add: ['NET_ADMIN']},
    privileged: openShift,
    runAsUser: 0,
    runAsGroup: 0,
    runAsNonRoot: false,
  }
}
