import type {EnvVar, Pod, Volume} from '../pod.ts'
import {isValues} from '../values.ts'
import type {Containers} from './containers.ts'
import {quoted} from './quoted.ts'
import {resourcesProblem} from './proxy-resources.ts'
import type {Capabilities, ProxySettings, Settings} from './settings.ts'

const largestId = 2 ** 31 - 1
const pullPolicies = ['Always', 'IfNotPresent', 'Never']

/**
 * Why this pod cannot be injected: what Linkerd's templates refuse, and what it would render all the same though the
 * API server refuses it. Undefined where all is well.
 */
export function settingsProblem(proxy: ProxySettings, settings: Settings): string | undefined {
  if (!['insecure', 'off', ''].includes(proxy.logHTTPHeaders))
    return `annotation config.linkerd.io/proxy-log-http-headers is ${quoted(proxy.logHTTPHeaders)}; write insecure or off`
  if (!settings.cniEnabled && proxy.closeWaitTimeoutSecs !== 0n && !settings.initRunAsRoot)
    return 'annotation config.linkerd.io/close-wait-timeout needs proxyInit.runAsRoot: true in mesh.linkerd.values; remove it or set that'
  if (Number.isNaN(proxy.workersRatio))
    return 'annotation config.linkerd.io/proxy-cpu-ratio-limit is not a number; write one between 0 and 1'
  for (const [name, port] of [
    ['admin-port', proxy.adminPort],
    ['inbound-port', proxy.inboundPort],
  ] as const)
    if (port < 1 || port > 65535) return `annotation config.linkerd.io/${name} is ${port}; write a port from 1 to 65535`
  if (settings.securityContext === undefined) {
    if (proxy.uid < 0 || proxy.uid > largestId)
      return `annotation config.linkerd.io/proxy-uid is ${proxy.uid}; write a user id from 1 to ${largestId}`
    if (proxy.gid > largestId)
      return `annotation config.linkerd.io/proxy-gid is ${proxy.gid}; write a group id from 0 to ${largestId}`
  }
  return undefined
}

/** As `settingsProblem`, of the containers made from the settings. */
export function containersProblem({sidecar, setUp, debug}: Containers): string | undefined {
  for (const {name, image = '', imagePullPolicy} of debug === undefined ? [sidecar, setUp] : [sidecar, setUp, debug]) {
    if (image === '') return `the image of container ${name} is empty; name one`
    if (imagePullPolicy !== undefined && !pullPolicies.includes(imagePullPolicy))
      return `the pull policy of container ${name} is ${quoted(imagePullPolicy)}; write ${pullPolicies.join(', ')}`
  }
  return sidecar.resources === undefined ? undefined : resourcesProblem(sidecar.resources)
}

/** As `settingsProblem`, of the variables that annotations add. */
export function envProblem(env: readonly EnvVar[]): string | undefined {
  for (const variable of env) {
    const problem = variableProblem(variable)
    if (problem !== undefined)
      return `annotation config.linkerd.io/proxy-additional-env has a variable ${quoted(variable.name)} ${problem}`
  }
  return undefined
}

/** As `settingsProblem`, of names that the pod uses for something else already. */
export function collision({spec}: Pod, made: Containers, volumes: readonly Volume[]): string | undefined {
  const {sidecar, setUp, debug} = made
  const container = [sidecar.name, setUp.name, debug?.name].find(
    (name) => name !== undefined && (isTaken(name, spec.containers) || isTaken(name, spec.initContainers)),
  )
  if (container !== undefined)
    return `a container of the pod is named ${container}, which Linkerd needs for its own; rename it`
  const volume = volumes.find(({name}) => isTaken(name, spec.volumes))
  return volume === undefined
    ? undefined
    : `a volume of the pod is named ${volume.name}, which Linkerd needs for its own; rename it`
}

function isTaken(name: string, list: readonly {readonly name: string}[] | undefined): boolean {
  return list !== undefined && list.some((other) => other.name === name)
}

/** Why no sidecar can be made for the pod at all. */
export function platformProblem({spec}: Pod): string | undefined {
  const os = spec['os']
  return isValues(os) && os['name'] === 'windows'
    ? 'spec.os.name is windows, where Linkerd has no proxy; annotate the pod linkerd.io/inject: disabled'
    : undefined
}

/** Capabilities that Kubernetes does not allow beside `allowPrivilegeEscalation: false`, which the proxy has. */
export function capabilitiesProblem(capabilities: Capabilities | undefined): string | undefined {
  return capabilities?.add.includes('CAP_SYS_ADMIN') === true
    ? 'the first container adds CAP_SYS_ADMIN, which Linkerd copies to its proxy, where Kubernetes does not allow it; write SYS_ADMIN or drop it'
    : undefined
}

/** What Kubernetes asks of an environment variable (pkg/apis/core/validation, ValidateEnv). */
function variableProblem({name, value, valueFrom}: EnvVar): string | undefined {
  if (!/^[ -<>-~]+$/.test(name)) return 'whose name is empty or holds more than printable ASCII without ='
  if (valueFrom === undefined) return undefined
  if (value !== undefined && value !== '') return 'with both value and valueFrom; write one of them'
  return Object.keys(valueFrom).length === 1 ? undefined : 'whose valueFrom does not name exactly one source'
}
