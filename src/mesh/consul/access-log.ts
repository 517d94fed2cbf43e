import {directory} from '../go/filepath.ts'
import type {Objects} from '../objects.ts'
import type {Volume, VolumeMount} from '../pod.ts'
import {isValues} from '../values.ts'
import type {Annotations} from './annotations.ts'
import {accessLogVolume, releaseNamespace} from './keys.ts'

/** Access logs that ProxyDefaults `global` switches on; `path` where they go to a file. */
export interface AccessLogs {
  readonly path: string | undefined
}

export const accessLogEmptyDir: Volume = {name: accessLogVolume, emptyDir: {}}

/** Reads ProxyDefaults `global`, which stands for the proxy-defaults that the injector asks Consul for. */
export function readAccessLogs(objects: Objects): AccessLogs | undefined {
  const proxyDefaults =
    objects.get('ProxyDefaults', releaseNamespace, 'global') ?? objects.get('ProxyDefaults', 'default', 'global')
  const spec = proxyDefaults?.['spec']
  const logs = isValues(spec) ? spec['accessLogs'] : undefined
  if (!isValues(logs) || logs['enabled'] !== true) return undefined
  const path = logs['path']
  return {path: logs['type'] === 'file' ? (typeof path === 'string' ? path : '') : undefined}
}

/** The sidecar's mount of the access log; a pod may also bring the volume and the annotations itself. */
export function accessLogMounts(
  annotations: Annotations,
  accessLogs: AccessLogs | undefined,
  volumes: readonly Volume[],
): readonly VolumeMount[] {
  const enabled = accessLogs !== undefined || annotations.get('consul-sidecar-access-log-enabled') === 'true'
  const path = accessLogs?.path ?? annotations.get('consul-sidecar-access-log-path')
  if (!enabled || path === undefined || !volumes.some(({name}) => name === accessLogVolume)) return []
  return [{name: accessLogVolume, mountPath: directory(path)}]
}
