import type {Finding} from '../finding.ts'
import {flat} from '../flat.ts'
import type {Injection, Subject} from '../mesh.ts'
import type {Container, EnvVar, PodSpec, StringMap, Volume} from '../pod.ts'
import {
  additionalEnvAnnotation,
  applyAnnotations,
  inheritedAnnotations,
  injectAnnotation,
  opaquePortsAnnotation,
  own,
} from './annotations.ts'
import {capabilitiesProblem, collision, envProblem, platformProblem} from './checks.ts'
import {finishProxy, finishSetUp, proxyVersion, type Copied} from './containers.ts'
import {hindrances, isYes} from './decide.ts'
import {mergeEnv, parseEnv} from './env-list.ts'
import {controlPlaneNamespace, proxyEnv, serviceAccountPath, type PodFacts} from './env.ts'
import {asWritten} from './opaque.ts'
import {applyOverrides, nativeAnnotations} from './overrides.ts'
import {ownerLabel, ownerOf} from './owner.ts'
import {containersOf, defaultOpaquePorts, inboundPorts, resolveOpaquePorts} from './ports.ts'
import {ProxyTemplates} from './proxy-templates.ts'
import {quoted} from './quoted.ts'
import type {ProxySettings, Settings} from './settings.ts'
import {traceAttributes} from './tracing.ts'
import {proxyVolumes} from './volumes.ts'

/** Made once from the settings: what every pod shares that no annotation sets apart. */
export interface Template {
  readonly settings: Settings
  readonly proxies: ProxyTemplates
  readonly volumes: readonly Volume[]
  readonly enforced: boolean
}

export function templateOf(settings: Settings, enforced: boolean): Template {
  return {settings, proxies: new ProxyTemplates(settings), volumes: flat(proxyVolumes(settings)), enforced}
}

/** The pod with Linkerd's sidecar, as its own injector makes it (pkg/inject/inject.go, charts/patch/templates/patch.json). */
export function inject(subject: Subject, template: Template): Injection {
  const {settings} = template
  const {pod, namespace, overrides} = subject
  const hindrance = hindrances(subject, settings, template.enforced)[0]
  if (hindrance !== undefined) return {outcome: 'skipped', ...hindrance}

  const findings: Finding[] = []
  const containers = containersOf(pod.spec)
  const annotations = pod.metadata.annotations
  const inherited = inheritedAnnotations(annotations, namespace.annotations)
  const opaque = opaquePorts(annotations, inherited, containers, settings)
  const annotated = applyAnnotations(settings.proxy, annotations, inherited, findings)
  const proxy = applyOverrides(annotated, overrides, findings)
  const made = template.proxies.of(proxy)
  const added = additionalEnv(annotations, namespace.annotations, proxy, findings)
  const copied = copiedFrom(pod.spec.containers[0], settings)
  const problem =
    platformProblem(pod) ??
    made.problem ??
    (added === proxy.additionalEnv ? undefined : envProblem(added)) ??
    (settings.securityContext === undefined ? capabilitiesProblem(copied.capabilities) : undefined) ??
    collision(pod, made.containers, template.volumes)
  if (problem !== undefined) return {outcome: 'refused', message: problem}

  const facts: PodFacts = {
    inboundPorts: inboundPorts(containers),
    opaquePorts: opaque.env ?? proxy.opaquePorts,
    traceAttributes: settings.tracing.enabled ? traceAttributes(pod.metadata, settings.tracing) : '',
    additionalEnv: added,
  }
  const env = proxyEnv(made.env, facts, settings)
  const sidecar = finishProxy(made.containers.sidecar, proxy, settings, env, copied)
  const setUp = finishSetUp(made.containers.setUp, proxy, settings, copied)
  const {debug} = made.containers
  return {
    outcome: 'injected',
    pod: {
      ...pod,
      metadata: {
        ...pod.metadata,
        labels: {...pod.metadata.labels, ...labels(subject)},
        annotations: {
          ...annotations,
          ...writtenAnnotations(inherited, opaque.annotation, proxy, settings),
          ...Object.fromEntries(nativeAnnotations(overrides)),
        },
      },
      spec: {...pod.spec, ...placed(pod.spec, proxy, setUp, sidecar, debug), volumes: appended(pod.spec, template)},
    },
    sidecars: [sidecar.name, setUp.name, ...(debug === undefined ? [] : [debug.name])],
    findings,
  }
}

/** A native sidecar starts before the pod's own init containers, linkerd-init before it; a plain one after them. */
function placed(
  {initContainers = [], containers}: PodSpec,
  proxy: ProxySettings,
  setUp: Container,
  sidecar: Container,
  debug: Container | undefined,
): Pick<PodSpec, 'initContainers' | 'containers'> {
  const withDebug = debug === undefined ? containers : [...containers, debug]
  if (proxy.nativeSidecar) return {initContainers: [setUp, sidecar, ...initContainers], containers: withDebug}
  return {
    initContainers: [...initContainers, setUp],
    // Where the app waits for the proxy, the proxy comes first: the kubelet starts containers in order.
    containers: proxy.await ? [sidecar, ...withDebug] : [...withDebug, sidecar],
  }
}

function appended({volumes}: PodSpec, template: Template): readonly Volume[] {
  return volumes === undefined ? template.volumes : [...volumes, ...template.volumes]
}

function labels({pod, namespace, objects}: Subject): StringMap {
  const owner = ownerLabel(ownerOf(pod, namespace.name, objects))
  return {
    'linkerd.io/control-plane-ns': controlPlaneNamespace,
    'linkerd.io/workload-ns': namespace.name,
    ...(owner && {[owner[0]]: owner[1]}),
  }
}

function writtenAnnotations(
  inherited: ReadonlyMap<string, string>,
  opaque: string | undefined,
  proxy: ProxySettings,
  settings: Settings,
): Record<string, string> {
  const written: Record<string, string> = {
    'linkerd.io/created-by': 'meshwright',
    'linkerd.io/proxy-version': proxyVersion(proxy, settings),
    ...(settings.trustRootHash !== '' && {'linkerd.io/trust-root-sha256': settings.trustRootHash}),
  }
  // A namespace that says no, or nothing that Linkerd knows, was outvoted: its switch would belie the sidecar.
  for (const [key, text] of inherited) if (key !== injectAnnotation || isYes(text)) written[key] = asWritten(text)
  if (opaque !== undefined) written[opaquePortsAnnotation] = opaque
  return written
}

/** The pod's own ports, else the namespace's, else those of its ports that are opaque by default, which it is given. */
function opaquePorts(
  annotations: StringMap | undefined,
  inherited: ReadonlyMap<string, string>,
  containers: readonly Container[],
  settings: Settings,
): {readonly annotation?: string; readonly env?: string} {
  const chosen = own(annotations, opaquePortsAnnotation) ?? inherited.get(opaquePortsAnnotation)
  if (chosen !== undefined) return {env: resolveOpaquePorts(chosen, containers)}
  const filtered = defaultOpaquePorts(containers, settings.defaultOpaquePorts)
  return filtered === '' ? {} : {annotation: filtered, env: filtered}
}

/** The values' variables, then the namespace's, which count even where the pod has some of its own, then the pod's. */
function additionalEnv(
  pod: StringMap | undefined,
  namespace: StringMap,
  proxy: ProxySettings,
  findings: Finding[],
): readonly EnvVar[] {
  const lists = [own(namespace, additionalEnvAnnotation), own(pod, additionalEnvAnnotation)].flatMap((text) => {
    if (text === undefined) return []
    const env = parseEnv(text)
    if (env.ok) return [env.list]
    findings.push({
      kind: 'ignored',
      key: additionalEnvAnnotation,
      message: `${quoted(text)} ${env.reason}`,
    })
    return []
  })
  return lists.length === 0 ? proxy.additionalEnv : mergeEnv(proxy.additionalEnv, ...lists)
}

/** The first app container's capabilities keep a restricted namespace happy; its token mount is what older proxies read. */
function copiedFrom(first: Container | undefined, settings: Settings): Copied {
  const own = first?.securityContext?.capabilities
  const mount = first?.volumeMounts?.find(({mountPath}) => mountPath === serviceAccountPath)
  return {
    capabilities: own === undefined ? settings.capabilities : {add: own.add ?? [], drop: own.drop ?? []},
    serviceAccountMount:
      mount === undefined
        ? settings.serviceAccountMount
        : {name: mount.name, mountPath: mount.mountPath, readOnly: mount.readOnly ?? false},
  }
}
