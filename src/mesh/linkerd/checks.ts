import type {Container, Pod, Resources} from '../pod.ts'
import {proxyName} from './env.ts'
import {quoted} from './quoted.ts'
import {resourcesProblem} from './resources.ts'
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

/** As `settingsProblem`, of the containers that were made. */
export function containersProblem(made: readonly Container[], resources: Resources | undefined): string | undefined {
  for (const {name, image = '', imagePullPolicy} of made) {
    if (image === '') return `the image of container ${name} is empty; name one`
    if (imagePullPolicy !== undefined && !pullPolicies.includes(imagePullPolicy))
      return `the pull policy of container ${name} is ${quoted(imagePullPolicy)}; write ${pullPolicies.join(', ')}`
  }
  const unnamed = made.find(({name}) => name === proxyName)?.env?.find(({name}) => name === '' || name.includes('='))
  if (unnamed !== undefined)
    return `annotation config.linkerd.io/proxy-additional-env names a variable ${quoted(unnamed.name)}; write a name without =`
  return resources === undefined ? undefined : resourcesProblem(resources)
}

/** As `settingsProblem`, of names that the pod uses for something else already. */
export function collision(
  {spec}: Pod,
  containers: readonly Container[],
  volumes: readonly {readonly name: string}[],
): string | undefined {
  const isTaken = ({name}: {readonly name: string}, list: readonly {readonly name: string}[] | undefined) =>
    list?.some((other) => other.name === name) ?? false
  const container = containers.find((made) => isTaken(made, spec.containers) || isTaken(made, spec.initContainers))
  if (container !== undefined)
    return `a container of the pod is named ${container.name}, which Linkerd needs for its own; rename it`
  const volume = volumes.find((made) => isTaken(made, spec.volumes))
  return volume === undefined
    ? undefined
    : `a volume of the pod is named ${volume.name}, which Linkerd needs for its own; rename it`
}

/** Capabilities that Kubernetes does not allow beside `allowPrivilegeEscalation: false`, which the proxy has. */
export function capabilitiesProblem(capabilities: Capabilities | undefined): string | undefined {
  return capabilities?.add.includes('CAP_SYS_ADMIN') === true
    ? 'the first container adds CAP_SYS_ADMIN, which Linkerd copies to its proxy, where Kubernetes does not allow it; write SYS_ADMIN or drop it'
    : undefined
}
