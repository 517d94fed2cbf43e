import type {Evasion, Subject} from '../mesh.ts'
import type {PodOverrides} from '../overrides.ts'
import type {Container} from '../pod.ts'
import {Annotations} from './annotations.ts'
import {initUser, isInitName, isSidecarName, keyPrefix} from './keys.ts'
import {readExclusions, type Exclusions} from './redirect.ts'
import type {Settings} from './settings.ts'
import {shown} from './shown.ts'
import {userVolumeKey, userVolumes} from './user-volumes.ts'
import {transparentProxyEnabled} from './wishes.ts'

const exclusionKeys = [
  {list: 'inboundPorts', key: 'inbound-ports', override: 'excludeInboundPorts'},
  {list: 'outboundPorts', key: 'outbound-ports', override: 'excludeOutboundPorts'},
  {list: 'outboundCidrs', key: 'outbound-cidrs', override: 'excludeOutboundCidrs'},
  {list: 'uids', key: 'uids', override: undefined},
] as const satisfies readonly {list: keyof Exclusions; key: string; override: keyof PodOverrides | undefined}[]

/** The ways around the sidecar that a pod takes: its traffic left alone, its sidecar replaced, the node's files mounted. */
export function findEvasions({pod, namespace, overrides}: Subject, settings: Settings): readonly Evasion[] {
  const annotations = new Annotations(pod.metadata.annotations)
  const found: Evasion[] = []
  if (!transparentProxyEnabled(annotations, namespace, settings)) {
    if (settings.transparentProxy) {
      found.push({
        key: `${keyPrefix}transparent-proxy`,
        reason: 'traffic interception is switched off for the pod or its namespace',
      })
    }
  } else {
    const exclusions = readExclusions(annotations, overrides)
    for (const {list, key, override} of exclusionKeys) {
      if (!exclusions[list].some((item) => item.trim() !== '')) continue
      const ours = override !== undefined && overrides[override] !== undefined
      found.push({
        key: ours ? `meshwright.dev/exclude-${key}` : `${keyPrefix}transparent-proxy-exclude-${key}`,
        reason: 'traffic would pass the sidecar by',
      })
    }
  }
  const {containers, initContainers = [], securityContext} = pod.spec
  const all = [...containers, ...initContainers]
  if (!settings.openShift) for (const evasion of runningAsInit(all, securityContext?.runAsUser)) found.push(evasion)
  for (const {name, image = ''} of all) {
    if (!isReserved(name) || isOwnImage(image, settings)) continue
    found.push({
      key: 'spec.containers',
      reason: `container ${shown(name)} has a name of the sidecar's and another image`,
    })
  }
  if (userVolumes(annotations).some((volume) => 'hostPath' in volume)) {
    found.push({key: `${keyPrefix}${userVolumeKey}`, reason: "a volume for the sidecar mounts the node's files"})
  }
  return found
}

/** The init container's user is left out of interception, so that it reaches Consul before Envoy runs. */
function* runningAsInit(containers: readonly Container[], podUser: number | undefined): Generator<Evasion, void> {
  for (const {name, securityContext} of containers) {
    if (isReserved(name) || (securityContext?.runAsUser ?? podUser) !== initUser) continue
    const reason = `container ${shown(name)} runs as user ${initUser}, whose traffic is not redirected`
    yield {key: 'spec.containers.securityContext.runAsUser', reason}
  }
}

function isReserved(name: string): boolean {
  return isSidecarName(name) || isInitName(name)
}

function isOwnImage(image: string, {dataplaneImage, controlPlaneImage}: Settings): boolean {
  return image === dataplaneImage || image === controlPlaneImage
}
