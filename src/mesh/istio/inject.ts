import {compareQuantities, parseQuantity} from '../go/quantity.ts'
import {goJson} from '../go/struct.ts'
import {readYaml} from '../go/yaml.ts'
import type {Injection, Subject} from '../mesh.ts'
import type {Container, Pod, StringMap} from '../pod.ts'
import {annotationProblem, invalid, keys, own} from './annotations.ts'
import {applyTemplate, draftOf, emptyDraft, findContainer, podOf, replaceInPod, type Draft} from './draft.ts'
import {gatewayTemplate} from './gateway.ts'
import {grpcAgentTemplate} from './grpc-agent.ts'
import {mergeMetrics} from './metrics.ts'
import {initName, proxyName, validationName} from './names.ts'
import {defaultIds, openshiftIds, withoutSharedUser} from './openshift.ts'
import {reorder} from './order.ts'
import {applyOverrides, proxyResources} from './overrides.ts'
import {ownerOf} from './owner.ts'
import {rewriteProbes} from './probes.ts'
import {objectOf, type ProtoJson} from './proto.ts'
import {overProxyConfig, printProxyConfig, readProxyConfig} from './proxy-config.ts'
import {earlierInjection, readOverrides, strip} from './reinjection.ts'
import {RefusedValue, type Rendering, type Template} from './rendering.ts'
import {templateProblem, type ResourceSettings, type Settings, type TemplateName} from './settings.ts'
import {sidecarParts, sidecarTemplate, type SidecarParts} from './sidecar.ts'
import {followProxyUser, reapplyUserContainers} from './user-containers.ts'
import {injectedTemplates} from './version.ts'

/** ProxyConfig as one pod sees it, with what is derived from it. */
interface EffectiveConfig {
  readonly config: ProtoJson
  readonly text: string
  readonly metadata: StringMap
}

/** Injects with settings that are resolved once; what no pod changes is made here, not for each pod. */
export class IstioInjection {
  readonly #settings: Settings
  readonly #config: EffectiveConfig
  readonly #native: SidecarParts
  readonly #plain: SidecarParts

  constructor(settings: Settings) {
    this.#settings = settings
    this.#config = effective(settings.mesh.defaultConfig)
    this.#native = sidecarParts(this.#blank(true))
    this.#plain = sidecarParts(this.#blank(false))
  }

  inject(subject: Subject): Injection {
    if (this.#settings.proxy === 'envoy') {
      return {
        outcome: 'refused',
        message:
          'mesh.sidecarImage is a plain Envoy, which cannot be injected for Istio yet; remove it, or set mesh.security.mutualTLS',
      }
    }
    try {
      return this.#inject(subject)
    } catch (error) {
      if (error instanceof RefusedValue) return {outcome: 'refused', message: error.message}
      throw error
    }
  }

  #inject(subject: Subject): Injection {
    const settings = this.#settings
    const {annotations, findings} = applyOverrides(
      subject.pod.metadata.annotations ?? {},
      subject.overrides,
      settings.mesh.defaultConfig,
    )
    const problem = annotationProblem(annotations)
    if (problem !== undefined) throw new RefusedValue(problem)
    const given = withAnnotations(settings.openshift ? withoutSharedUser(subject.pod) : subject.pod, annotations)
    const earlier = earlierInjection(annotations)
    const overrides = readOverrides(annotations)
    const stripped = strip(given, earlier, overrides, String(settings.mesh.statusPort))
    const config = this.#configOf(annotations)
    const native = nativeOf(annotations, settings.native)
    const hold = this.#holds(config, subject)
    const ids = settings.openshift ? openshiftIds(subject.namespace) : defaultIds
    const namespace = given.metadata.namespace ?? subject.namespace.name
    const rendering: Rendering = {
      settings,
      labels: given.metadata.labels ?? {},
      annotations: stripped.annotations,
      containers: stripped.containers,
      serviceAccount: given.spec.serviceAccountName ?? '',
      owner: ownerOf(given, namespace),
      proxyConfig: config.config,
      proxyConfigText: config.text,
      metadata: config.metadata,
      native: native.template,
      hold,
      ...ids,
      resources: proxyResources(annotations, subject.overrides, settings.resources),
    }

    let templates = emptyDraft
    let draft = draftOf(given)
    for (const name of templatesOf(annotations, settings.templates)) {
      const template = this.#render(name, rendering)
      templates = applyTemplate(templates, template)
      draft = applyTemplate(native.mover ? withProxyInInit(draft, templates) : draft, template)
    }
    draft = reapplyUserContainers(draft, given, templates, overrides, earlier)
    draft = followProxyUser(draft, given, config.config)
    draft = this.#clusterEnvironment(draft, given)
    draft = mergeMetrics(draft, settings.mesh)
    draft = rewriteProbes(draft, settings, earlier !== undefined)
    draft = this.#metadata(draft, templates, given)
    draft = reorder(draft, hold)
    check(draft)
    return {
      outcome: 'injected',
      pod: podOf(subject.pod, draft),
      sidecars: sidecarNames(templates),
      findings,
    }
  }

  #render(name: TemplateName, rendering: Rendering): Template {
    switch (name) {
      case 'sidecar':
        return sidecarTemplate(rendering, this.#partsOf(rendering))
      case 'gateway':
        return gatewayTemplate(rendering)
      case 'grpc-agent':
        return grpcAgentTemplate(rendering)
    }
  }

  /** The parts made in advance, for a pod that carries nothing that they depend on. */
  #partsOf(rendering: Rendering): SidecarParts {
    const {settings, native, hold, proxyConfig, resources, annotations, uid, gid} = rendering
    const usual =
      proxyConfig === this.#config.config &&
      resources === settings.resources &&
      hold === this.#defaultHold() &&
      uid === defaultIds.uid &&
      gid === defaultIds.gid &&
      !settings.chart.truthy('global.mountMtlsCerts') &&
      !Object.keys(annotations).some((key) => partKeys.has(key))
    if (!usual) return sidecarParts(rendering)
    return native ? this.#native : this.#plain
  }

  #blank(native: boolean): Rendering {
    return {
      settings: this.#settings,
      labels: {},
      annotations: {},
      containers: [],
      serviceAccount: '',
      owner: {name: '', namespace: '', apiVersion: '', kind: ''},
      proxyConfig: this.#config.config,
      proxyConfigText: this.#config.text,
      metadata: this.#config.metadata,
      native,
      hold: this.#defaultHold(),
      ...defaultIds,
      resources: this.#settings.resources,
    }
  }

  #defaultHold(): boolean {
    return this.#settings.hold || this.#config.config['holdApplicationUntilProxyStarts'] === true
  }

  /** The values' yes cannot be taken back by the native annotation, but by the override. */
  #holds({config}: EffectiveConfig, {overrides}: Subject): boolean {
    const asked = config['holdApplicationUntilProxyStarts'] === true
    return overrides.holdUntilReady ?? (this.#settings.hold || asked)
  }

  #configOf(annotations: StringMap): EffectiveConfig {
    const text = own(annotations, keys.proxyConfig)
    if (text === undefined) return this.#config
    const reading = readYaml(text)
    if (!reading.ok) throw new RefusedValue(invalid(keys.proxyConfig, text, reading.message))
    const layer = readProxyConfig(reading.value)
    if (!layer.ok) throw new RefusedValue(invalid(keys.proxyConfig, text, layer.message))
    return effective(overProxyConfig(this.#config.config, layer.value))
  }

  /** Cluster and network from the values or the webhook's path leave their places and go to the end, sorted. */
  #clusterEnvironment(draft: Draft, pod: Pod): Draft {
    const network = own(pod.metadata.labels, 'topology.istio.io/network')
    const environment = environmentOf(this.#settings, network)
    if (environment.size === 0) return draft
    const change = (proxy: Container): Container => ({
      ...proxy,
      env: [
        ...(proxy.env ?? []).filter(({name}) => !environment.has(name)),
        ...[...environment].map(([name, value]) => (value === '' ? {name} : {name, value})),
      ],
    })
    return replaceInPod(draft, proxyName, change)
  }

  #metadata(draft: Draft, templates: Draft, pod: Pod): Draft {
    const settings = this.#settings
    const label = own(pod.metadata.labels, 'topology.istio.io/network')
    const network = environmentOf(settings, label).get('ISTIO_META_NETWORK')
    const status = goJson({
      initContainers: namesOf(templates.initContainers),
      containers: namesOf(templates.containers),
      volumes: namesOf(templates.volumes),
      imagePullSecrets: namesOf(templates.imagePullSecrets),
      revision: settings.revision === '' ? 'default' : settings.revision,
    })
    return {
      ...draft,
      labels: network === undefined ? draft.labels : {...draft.labels, 'topology.istio.io/network': network},
      annotations: {...draft.annotations, [keys.status]: status, ...settings.injectedAnnotations},
    }
  }
}

/** Annotations that change the parts made in advance. */
const partKeys: ReadonlySet<string> = new Set([
  keys.agentLogLevel,
  keys.bootstrapOverride,
  keys.capNetBindService,
  keys.componentLogLevel,
  keys.excludeInboundPorts,
  keys.excludeInterfaces,
  keys.excludeOutboundIPRanges,
  keys.excludeOutboundPorts,
  keys.failureThreshold,
  keys.includeInboundPorts,
  keys.includeOutboundIPRanges,
  keys.includeOutboundPorts,
  keys.initialDelaySeconds,
  keys.interceptionMode,
  keys.kubevirtInterfaces,
  keys.logLevel,
  keys.periodSeconds,
  keys.proxyImage,
  keys.proxyImageType,
  keys.rerouteInterfaces,
  keys.statusPort,
  keys.userVolume,
  keys.userVolumeMount,
])

function effective(config: ProtoJson): EffectiveConfig {
  const metadata = Object.entries(objectOf(config['proxyMetadata']) ?? {})
  return {
    config,
    text: printProxyConfig(config),
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name, String(value)])),
  }
}

function withAnnotations(pod: Pod, annotations: StringMap): Pod {
  return pod.metadata.annotations === annotations ? pod : {...pod, metadata: {...pod.metadata, annotations}}
}

/** The template takes anything but `false` for yes; what moves a user's proxy knows only the exact words. */
function nativeOf(annotations: StringMap, byDefault: boolean): {readonly template: boolean; readonly mover: boolean} {
  const text = own(annotations, keys.nativeSidecar) ?? ''
  return {
    template: (text === '' ? String(byDefault) : text) !== 'false',
    mover: text === 'true' || (text !== 'false' && byDefault),
  }
}

function templatesOf(annotations: StringMap, defaults: readonly TemplateName[]): readonly TemplateName[] {
  const asked = own(annotations, keys.templates)
  if (asked === undefined) return defaults
  return asked.split(',').map((item) => {
    const name = item.trim()
    const known = injectedTemplates.find((template) => template === name)
    if (known === undefined) throw new RefusedValue(`annotation ${keys.templates}: ${templateProblem(name) ?? ''}`)
    return known
  })
}

/** A user's istio-proxy follows the template's to the init containers. */
function withProxyInInit(draft: Draft, templates: Draft): Draft {
  const proxy = findContainer(draft.containers, proxyName)
  if (proxy === undefined || findContainer(templates.initContainers, proxyName) === undefined) return draft
  return {
    ...draft,
    containers: draft.containers.filter((container) => container !== proxy),
    initContainers: [...draft.initContainers, proxy],
  }
}

/** A pod's own label outranks the network of the values and the path; an empty one takes that of the values away. */
function environmentOf({environment, pathNetwork}: Settings, label: string | undefined): ReadonlyMap<string, string> {
  if (label === undefined) return environment
  const merged = new Map(environment)
  if (label !== '') merged.set('ISTIO_META_NETWORK', label)
  else if (pathNetwork === undefined) merged.delete('ISTIO_META_NETWORK')
  return new Map([...merged].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function namesOf(items: readonly object[]): readonly string[] | null {
  const names = items.flatMap((item) => ('name' in item && typeof item.name === 'string' ? [item.name] : []))
  return names.length === 0 ? null : names
}

/** The proxy first, as the contract wants it. */
function sidecarNames(templates: Draft): readonly string[] {
  const names = [...templates.containers, ...templates.initContainers].map(({name}) => name)
  return [proxyName, ...new Set(names.filter((name) => name === initName || name === validationName))]
}

/** What the API server would refuse anyway is refused here, with a reason. */
function check({containers, initContainers}: Draft): void {
  const all = [...initContainers, ...containers]
  for (const name of [proxyName, initName, validationName]) {
    if (all.filter((container) => container.name === name).length < 2) continue
    throw new RefusedValue(
      `the pod would have two containers named ${name}; remove its own, or the part of annotations ${keys.nativeSidecar} and ${keys.templates} that places a second one`,
    )
  }
  for (const container of all) if (container.name === proxyName) checkResources(container.resources ?? {})
}

function checkResources({requests = {}, limits = {}}: ResourceSettings | NonNullable<Container['resources']>): void {
  for (const [side, quantities] of Object.entries({requests, limits})) {
    for (const [name, quantity] of Object.entries(quantities)) {
      if (!String(quantity).startsWith('-')) continue
      throw new RefusedValue(`the proxy's ${side} of ${name} is ${String(quantity)}; a quantity must not be negative`)
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined
    if (limit === undefined || limit === request) continue
    const [asked, most] = [parseQuantity(String(request)), parseQuantity(String(limit))]
    if (asked !== undefined && most !== undefined && compareQuantities(asked, most) > 0) {
      throw new RefusedValue(
        `the proxy's request of ${name} ${request} is above its limit ${limit}; lower one or raise the other`,
      )
    }
  }
}
