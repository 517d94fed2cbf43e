import {goJson, goContainer} from '../go/struct.ts'
import type {Container, Json, Pod} from '../pod.ts'
import {keys} from './annotations.ts'
import {findContainer, findInPod, mergeContainers, replaceInPod, type Draft} from './draft.ts'
import {initName, proxyName, validationName} from './names.ts'
import type {ProtoJson} from './proto.ts'
import {typedContainer, type EarlierInjection, type Overrides} from './reinjection.ts'

/** The image name with which a user says that the mesh is to choose. */
const autoImage = 'auto'

/**
 * Lays containers that the user wrote under a template's name over the injected ones again, so that their fields win, and
 * keeps them in an annotation for the next injection (pkg/kube/inject/webhook.go reapplyOverwrittenContainers).
 */
export function reapplyUserContainers(
  draft: Draft,
  pod: Pod,
  templates: Draft,
  overrides: Overrides,
  earlier: EarlierInjection | undefined,
): Draft {
  const original = {containers: pod.spec.containers, initContainers: pod.spec.initContainers ?? []}
  const containers = templates.containers
    .filter(({name}) => earlier?.containers.has(name) !== true)
    .map(({name}) => findContainer(overrides.containers, name) ?? findContainer(original.containers, name))
    .filter((match) => match !== undefined)
    .map(overlayOf)
  const initContainers = templates.initContainers
    .filter(({name}) => earlier?.initContainers.has(name) !== true)
    .map(({name}) => findContainer(overrides.initContainers, name) ?? findInPod(original, name))
    .filter((match) => match !== undefined)
    .map(overlayOf)
  if (containers.length === 0 && initContainers.length === 0) return draft
  const merged: Draft = {
    ...draft,
    containers: containers.reduce(overlaid, draft.containers),
    initContainers: initContainers.reduce(overlaid, draft.initContainers),
  }
  if (earlier !== undefined) return merged
  const text = goJson({
    ...(containers.length === 0 ? {} : {containers: containers.map(jsonOf)}),
    ...(initContainers.length === 0 ? {} : {initContainers: initContainers.map(jsonOf)}),
  })
  return {...merged, annotations: {...merged.annotations, [keys.overrides]: text}}
}

/** One overlay at a time, so that it does not change the order of the others. */
function overlaid(list: readonly Container[], overlay: Container): readonly Container[] {
  return mergeContainers(list, [overlay])
}

function overlayOf(container: Container): Container {
  const {image, ...rest} = typedContainer(container)
  return image === undefined || image === autoImage ? rest : {...rest, image}
}

function jsonOf(container: Container): Json {
  return goContainer(container)
}

/**
 * Where the user gave the proxy another user, the capture has to spare that one's traffic
 * (pkg/kube/inject/webhook.go adjustInitContainerUser).
 */
export function followProxyUser(draft: Draft, pod: Pod, proxyConfig: ProtoJson): Draft {
  const context = findInPod(
    {containers: pod.spec.containers, initContainers: pod.spec.initContainers ?? []},
    proxyName,
  )?.securityContext
  const {runAsUser: user, runAsGroup: group} = context ?? {}
  if (user === undefined && group === undefined) return draft
  const name = [initName, validationName].find((known) => findContainer(draft.initContainers, known) !== undefined)
  if (name === undefined) return draft
  const tproxy = proxyConfig['interceptionMode'] === 'TPROXY' || draft.annotations[keys.interceptionMode] === 'TPROXY'
  const rooted = tproxy && user !== undefined ? replaceInPod(draft, proxyName, asRoot) : draft
  const initContainers = rooted.initContainers.map((container) => {
    if (container.name !== name) return container
    const ids = {...(user === undefined ? {} : {runAsUser: user}), ...(group === undefined ? {} : {runAsGroup: group})}
    const owned =
      !tproxy && name === validationName
        ? {...container, securityContext: {...container.securityContext, ...ids}}
        : container
    return user === undefined || user === 0 ? owned : withCaptureUser(owned, user)
  })
  return {...rooted, initContainers}
}

/** Transparent proxying needs root, whatever the user wrote. */
function asRoot(proxy: Container): Container {
  return {...proxy, securityContext: {...proxy.securityContext, runAsUser: 0}}
}

function withCaptureUser(container: Container, user: number): Container {
  const args = container.args ?? []
  const place = args.indexOf('-u')
  if (place < 0 || place + 1 >= args.length) return container
  return {...container, args: args.map((arg, index) => (index === place + 1 ? String(user) : arg))}
}
