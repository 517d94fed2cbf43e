import type {Container, StringMap} from '../../pod.ts'
import {keys, own} from '../annotations.ts'
import {captureContainer, interceptionMode} from '../capture.ts'
import {workloadVariables} from '../environment.ts'
import {proxyName} from '../names.ts'
import {objectOf} from '../proto.ts'
import {annotationOr, RefusedValue, type Rendering, type Template} from '../rendering.ts'
import {probes, pullSecrets, securityContext, sidecarAnnotations, sidecarLabels} from '../sidecar.ts'
import {bootstrapFor} from './bootstrap.ts'
import {commandLine} from './command-line.ts'
import type {Message} from './config-yaml.ts'
import {envoyImage} from './image.ts'
import {metricsPort, profileFolder} from './listeners.ts'
import {networkLabel, networkOf, nodeVariables, type Workload} from './node.ts'
import type {EnvoySettings} from './settings.ts'

/** The parts of the template that no pod changes unless it carries an annotation that the template reads. */
export interface EnvoyParts {
  readonly capture: Container | undefined
  /** Without the bootstrap, which stands before its arguments. */
  readonly proxy: Container & {readonly args: readonly string[]}
  readonly proxyConfig: Message
}

/** The first argument of every plain Envoy's sidecar. */
export const bootstrapOption = '--config-yaml'

/** Linux passes at most 128 KiB in one argument; the references still grow when the kubelet expands them. */
const longestBootstrap = 120 * 1024

const profileVolume = 'istio-data'

/** What stands in the place of Istio's default injection template where the sidecar is a plain Envoy. */
export class EnvoyTemplate {
  readonly #settings: EnvoySettings
  readonly #bootstrap: (workload: Workload) => string

  constructor(settings: EnvoySettings) {
    this.#settings = settings
    this.#bootstrap = bootstrapFor(settings)
  }

  parts(rendering: Rendering): EnvoyParts {
    return {
      capture: captureContainer(withoutProxyImage(rendering)),
      proxy: this.#container(rendering),
      proxyConfig: objectOf(JSON.parse(rendering.proxyConfigText)),
    }
  }

  render(rendering: Rendering, parts: EnvoyParts): Template {
    const labels = {...sidecarLabels(rendering), [tlsMode]: 'disabled'}
    const bootstrap = this.#bootstrap(this.#workload(rendering, labels, parts.proxyConfig))
    if (isLongerThan(bootstrap, longestBootstrap)) {
      throw new RefusedValue(
        `the pod's labels and ports make a bootstrap of more than ${longestBootstrap} bytes, which Linux passes to no program; shorten them`,
      )
    }
    const proxy: Container = {...parts.proxy, args: [bootstrapOption, bootstrap, ...parts.proxy.args]}
    const init = parts.capture === undefined ? [] : [parts.capture]
    return {
      labels,
      annotations: sidecarAnnotations(rendering),
      initContainers: rendering.native ? [...init, proxy] : init,
      containers: rendering.native ? [] : [proxy],
      volumes: this.#settings.profiling ? [{name: profileVolume, emptyDir: {}}] : [],
      imagePullSecrets: pullSecrets(rendering.settings),
    }
  }

  #container(rendering: Rendering): Container & {readonly args: readonly string[]} {
    const {settings, native} = rendering
    const pullPolicy = settings.chart.text('global.imagePullPolicy')
    const statusPort = annotationOr(rendering, keys.statusPort, 'global.proxy.statusPort')
    return {
      name: proxyName,
      image: envoyImage(rendering),
      ...(native ? {restartPolicy: 'Always'} : {}),
      // Not the image's entry point: that changes users and owners, for which it would need rights.
      command: ['envoy'],
      args: commandLine(rendering, this.#settings),
      env: nodeVariables(this.#settings),
      ...(this.#settings.metrics
        ? {ports: [{containerPort: metricsPort, protocol: 'TCP', name: 'http-envoy-prom'}]}
        : {}),
      ...(settings.lifecycle === undefined ? {} : {lifecycle: settings.lifecycle}),
      ...(pullPolicy === '' ? {} : {imagePullPolicy: pullPolicy}),
      ...(statusPort === '0' ? {} : probes(rendering)),
      securityContext: securityContext(rendering),
      resources: rendering.resources,
      ...(this.#settings.profiling ? {volumeMounts: [{name: profileVolume, mountPath: profileFolder}]} : {}),
    }
  }

  #workload(rendering: Rendering, injected: StringMap, proxyConfig: Message): Workload {
    const labels = {...rendering.labels, ...injected}
    const network = networkOf(labels, this.#settings)
    const {owner} = rendering
    const workloadName = own(labels, 'service.istio.io/workload-name') || owner.name
    const variables = workloadVariables(workloadName, owner)
    const valueOf = (name: string) => variables.find((variable) => variable.name === name)?.value ?? ''
    return {
      labels: network === '' ? labels : {...labels, [networkLabel]: network},
      containers: rendering.containers.filter(({name}) => name !== proxyName),
      name: valueOf('ISTIO_META_WORKLOAD_NAME'),
      owner: valueOf('ISTIO_META_OWNER'),
      interceptionMode: interceptionMode(rendering),
      proxyConfig,
      proxyMetadata: rendering.metadata,
    }
  }
}

/**
 * Tells other sidecars that this one has no certificate, so that they do not try mutual TLS with it, whatever the pod's
 * author wrote there.
 */
const tlsMode = 'security.istio.io/tlsMode'

/** sidecar.istio.io/proxyImage means Istio's init container too, which no Envoy image can be. */
function withoutProxyImage(rendering: Rendering): Rendering {
  if (!Object.hasOwn(rendering.annotations, keys.proxyImage)) return rendering
  const {[keys.proxyImage]: _, ...annotations} = rendering.annotations
  return {...rendering, annotations}
}

function isLongerThan(text: string, bytes: number): boolean {
  // Three bytes at most for each UTF-16 unit.
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes
}
