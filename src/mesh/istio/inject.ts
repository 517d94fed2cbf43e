import {readYaml} from '../go/yaml.ts'
import type {Injection, Subject} from '../mesh.ts'
import type {Pod, StringMap} from '../pod.ts'
import {refuseUnacceptable} from './acceptable.ts'
import {annotationProblem, invalid, keys, own} from './annotations.ts'
import {templateProblem} from './chart-problems.ts'
import {
  applyTemplate,
  draftOf,
  draftOfTemplate,
  emptyDraft,
  findContainer,
  findInPod,
  podOf,
  type Draft,
} from './draft.ts'
import {envoyPodFindings} from './envoy/findings.ts'
import {scrapeEnvoy} from './envoy/metrics.ts'
import {EnvoyTemplate} from './envoy/template.ts'
import {gatewayTemplate} from './gateway.ts'
import {grpcAgentTemplate} from './grpc-agent.ts'
import {withClusterEnvironment, withMetadata} from './identity.ts'
import {mergeMetrics} from './metrics.ts'
import {initName, proxyName, validationName} from './names.ts'
import {defaultIds, openshiftIds, withoutSharedUser} from './openshift.ts'
import {reorder} from './order.ts'
import {applyOverrides, proxyResources} from './overrides.ts'
import {ownerOf} from './owner.ts'
import {rewriteProbes} from './probes.ts'
import {objectOf, textOf, type ProtoJson} from './proto.ts'
import {prepare, type PreparedTemplate} from './prepared-template.ts'
import {overProxyConfig, printProxyConfig, readProxyConfig} from './proxy-config.ts'
import {earlierInjection, readOverrides, strip} from './reinjection.ts'
import {RefusedValue, type Rendering, type Template} from './rendering.ts'
import type {Settings, TemplateName} from './settings.ts'
import {sidecarParts, sidecarTemplate} from './sidecar.ts'
import {followProxyUser, reapplyUserContainers} from './user-containers.ts'
import {injectedTemplates} from './version.ts'

/** ProxyConfig as one pod sees it, with what is derived from it. */
interface EffectiveConfig {
  readonly config: ProtoJson
  readonly text: string
  readonly metadata: StringMap
}

const mostConfigs = 100
/** Characters; what it takes to tell a workload's parts from another's is rarely a tenth of it. */
const longestPartsKey = 2048

/** Injects with settings that are resolved once; what no pod changes is made here, not for each pod. */
export class IstioInjection {
  readonly #settings: Settings
  readonly #config: EffectiveConfig
  /** By the text of the annotation: all pods of a workload carry the same, and YAML takes longer than all the rest. */
  readonly #configs = new Map<string, EffectiveConfig>()
  readonly #sidecar: PreparedTemplate

  constructor(settings: Settings) {
    this.#settings = settings
    this.#config = effective(settings.mesh.defaultConfig)
    const blank = (native: boolean) => this.#blank(native)
    const envoy = settings.envoy === undefined ? undefined : new EnvoyTemplate(settings.envoy)
    this.#sidecar =
      envoy === undefined
        ? prepare(sidecarParts, sidecarTemplate, blank)
        : prepare(
            (rendering) => envoy.parts(rendering),
            (rendering, parts) => envoy.render(rendering, parts),
            blank,
          )
  }

  inject(subject: Subject): Injection {
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
      templates = templates === emptyDraft ? draftOfTemplate(template) : applyTemplate(templates, template)
      draft = applyTemplate(native.mover ? withProxyInInit(draft, templates) : draft, template)
    }
    draft = reapplyUserContainers(draft, given, templates, overrides, earlier)
    draft = followProxyUser(draft, given, config.config)
    draft =
      settings.envoy === undefined ? this.#agentWork(draft, given, earlier !== undefined) : scrapeEnvoy(draft, settings)
    draft = withMetadata(draft, templates, given, settings)
    draft = reorder(draft, hold)
    // What the settings say was checked with them.
    const checked = rendering.resources === settings.resources ? findInPod(templates, proxyName)?.resources : undefined
    refuseUnacceptable(draft, checked)
    return {
      outcome: 'injected',
      pod: podOf(subject.pod, draft),
      sidecars: sidecarNames(templates),
      findings: settings.envoy === undefined ? findings : [...findings, ...envoyPodFindings(subject, rendering)],
    }
  }

  /** What istiod prepares for the agent beside the proxy. */
  #agentWork(draft: Draft, pod: Pod, injectedBefore: boolean): Draft {
    const merged = mergeMetrics(withClusterEnvironment(draft, pod, this.#settings), this.#settings.mesh)
    return rewriteProbes(merged, this.#settings, injectedBefore)
  }

  #render(name: TemplateName, rendering: Rendering): Template {
    if (name !== 'sidecar' && this.#settings.envoy !== undefined) {
      throw new RefusedValue(`the template ${name} needs Istio's own proxy; remove mesh.sidecarImage, or the template`)
    }
    switch (name) {
      case 'sidecar':
        return this.#sidecar(rendering, this.#partsKey(rendering))
      case 'gateway':
        return gatewayTemplate(rendering)
      case 'grpc-agent':
        break
    }
    return grpcAgentTemplate(rendering)
  }

  /** What of a pod decides its parts, as one text: empty for an ordinary pod; undefined where it is longer than is worth keeping. */
  #partsKey(rendering: Rendering): string | undefined {
    const {settings, hold, resources, annotations, uid, gid, serviceAccount} = rendering
    const own: unknown[] = []
    for (const name of Object.keys(annotations)) if (partKeys.has(name)) own.push(name, annotations[name])
    if (hold !== this.#defaultHold()) own.push({hold})
    if (resources !== settings.resources) own.push({resources})
    if (uid !== defaultIds.uid || gid !== defaultIds.gid) own.push({uid, gid})
    if (settings.chart.truthy('global.mountMtlsCerts')) own.push({serviceAccount})
    const key = own.length === 0 ? '' : JSON.stringify(own)
    return key.length > longestPartsKey ? undefined : key
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
    const known = this.#configs.get(text)
    if (known !== undefined) return known
    const reading = readYaml(text)
    if (!reading.ok) throw new RefusedValue(invalid(keys.proxyConfig, text, reading.message))
    const layer = readProxyConfig(reading.value)
    if (!layer.ok) throw new RefusedValue(invalid(keys.proxyConfig, text, layer.message))
    const config = effective(overProxyConfig(this.#config.config, layer.value))
    if (this.#configs.size === mostConfigs) this.#configs.clear()
    this.#configs.set(text, config)
    return config
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
  keys.proxyConfig,
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
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name, textOf(value) ?? ''])),
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

/** Each is merged into the whole pod, and no two of the three that there are need to be named twice. */
const mostTemplates = 4

function templatesOf(annotations: StringMap, defaults: readonly TemplateName[]): readonly TemplateName[] {
  const asked = own(annotations, keys.templates)
  if (asked === undefined) return defaults
  const items = asked.split(',', mostTemplates + 1)
  if (items.length > mostTemplates)
    throw new RefusedValue(`annotation ${keys.templates} names more than ${mostTemplates} templates`)
  return items.map((item) => {
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

/** The proxy first, as the contract wants it. */
function sidecarNames(templates: Draft): readonly string[] {
  return [proxyName, ...[initName, validationName].filter((name) => findInPod(templates, name) !== undefined)]
}
