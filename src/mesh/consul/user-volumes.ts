import {decodeList} from '../go/decode.ts'
import {goVolume, goVolumeMount} from '../go/struct.ts'
import type {Json, Volume, VolumeMount} from '../pod.ts'
import {isValues} from '../values.ts'
import type {Annotations} from './annotations.ts'
import {keyPrefix} from './keys.ts'

export const userVolumeKey = 'consul-sidecar-user-volume'
export const userMountKey = 'consul-sidecar-user-volume-mount'

/** The volumes that a pod adds for its sidecar. */
export function userVolumes(annotations: Annotations): readonly Volume[] {
  return read(annotations, userVolumeKey, 'Volume')
    .map(goVolume)
    .filter((volume) => isVolume(volume))
}

/** The mounts that a pod adds to its sidecar. */
export function userMounts(annotations: Annotations): readonly VolumeMount[] {
  return read(annotations, userMountKey, 'VolumeMount')
    .map(goVolumeMount)
    .filter((mount) => isMount(mount))
}

function read(annotations: Annotations, key: string, struct: string): readonly Json[] {
  const text = annotations.get(key)
  if (text === undefined) return []
  const decoded = decodeList(struct, text)
  if (decoded.ok) return decoded.items
  annotations.refuse(
    `annotation ${keyPrefix}${key} cannot be used: ${decoded.reason}; write a JSON list of Kubernetes ` +
      (key === userVolumeKey ? 'volumes' : 'volume mounts'),
  )
  return []
}

// Go prints both fields always, so these hold for everything that was decoded.
function isVolume(value: Json): value is Json & Volume {
  return isValues(value) && typeof value['name'] === 'string'
}

function isMount(value: Json): value is Json & VolumeMount {
  return isValues(value) && typeof value['name'] === 'string' && typeof value['mountPath'] === 'string'
}
