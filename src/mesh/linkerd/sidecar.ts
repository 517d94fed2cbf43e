import {repositoryOf} from '../image.ts'
import type {Container, Pod} from '../pod.ts'
import {debugName, initName, validatorName} from './containers.ts'
import {proxyName, serviceAccountPath} from './env.ts'
import type {Settings} from './settings.ts'

/** Names that Linkerd gives to its own containers. */
export const reservedNames: readonly string[] = [proxyName, initName, validatorName, debugName]

const proxyImages = ['cr.l5d.io/linkerd/proxy:', 'gcr.io/istio-release/proxyv2:']
const initImages = ['cr.l5d.io/linkerd/proxy-init:', 'gcr.io/istio-release/proxy_init:']

/** The container that makes Linkerd take a pod for injected (pkg/healthcheck/sidecar.go): any mesh's, by name or image. */
export function existingSidecar({spec}: Pod): Container | undefined {
  return (
    spec.containers.find(isProxy) ??
    spec.initContainers?.find(
      (container) =>
        isProxy(container) ||
        container.name === initName ||
        container.name === 'istio-init' ||
        startsWithOne(container.image, initImages),
    )
  )
}

/** Linkerd's proxy for certain: its name and its image both. */
export function carriesProxy({spec}: Pod, settings: Settings): boolean {
  const found = (container: Container) => container.name === proxyName && isOwnImage(container, settings)
  return spec.containers.some(found) || (spec.initContainers?.some(found) ?? false)
}

/** True for an image of the repositories that this mesh's own containers come from. */
export function isOwnImage({image = ''}: Container, {proxy}: Settings): boolean {
  const repository = repositoryOf(image)
  return [
    repositoryOf(proxy.imageName),
    proxy.debugImageName,
    'cr.l5d.io/linkerd/proxy',
    'cr.l5d.io/linkerd/proxy-init',
  ].includes(repository)
}

/** Why the proxy would get no token where the chart's own token projection is off; undefined where it would. */
export function missingToken({spec}: Pod, {tokenProjection}: Settings): string | undefined {
  if (tokenProjection) return undefined
  if (spec.automountServiceAccountToken === false) return 'automountServiceAccountToken is false'
  const mounted = spec.containers[0]?.volumeMounts?.some(({mountPath}) => mountPath === serviceAccountPath) ?? false
  return mounted ? undefined : `the first container mounts nothing at ${serviceAccountPath}`
}

function isProxy({name, image}: Container): boolean {
  return name === proxyName || name === 'istio-proxy' || startsWithOne(image, proxyImages)
}

function startsWithOne(text: string | undefined, prefixes: readonly string[]): boolean {
  return text !== undefined && prefixes.some((prefix) => text.startsWith(prefix))
}
