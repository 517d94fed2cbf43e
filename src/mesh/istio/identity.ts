import {goJson} from '../go/struct.ts'
import type {Container, Pod} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {replaceInPod, type Draft} from './draft.ts'
import {proxyName} from './names.ts'
import type {Settings} from './settings.ts'

const networkLabel = 'topology.istio.io/network'
const networkVariable = 'ISTIO_META_NETWORK'

/** Cluster and network from the values or the webhook's path leave their places and go to the end, sorted. */
export function withClusterEnvironment(draft: Draft, pod: Pod, settings: Settings): Draft {
  const environment = environmentOf(settings, pod)
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

/** The network's label, and the annotation from which a later injection knows what this one put in. */
export function withMetadata(draft: Draft, templates: Draft, pod: Pod, settings: Settings): Draft {
  const network = environmentOf(settings, pod).get(networkVariable)
  const status = goJson({
    initContainers: namesOf(templates.initContainers),
    containers: namesOf(templates.containers),
    volumes: namesOf(templates.volumes),
    imagePullSecrets: namesOf(templates.imagePullSecrets),
    revision: settings.revision === '' ? 'default' : settings.revision,
  })
  return {
    ...draft,
    labels: network === undefined ? draft.labels : {...draft.labels, [networkLabel]: network},
    annotations: {...draft.annotations, [keys.status]: status, ...settings.injectedAnnotations},
  }
}

/** A pod's own label outranks the network of the values and the path; an empty one takes that of the values away. */
function environmentOf({environment, pathNetwork}: Settings, {metadata}: Pod): ReadonlyMap<string, string> {
  const label = own(metadata.labels, networkLabel)
  if (label === undefined) return environment
  const merged = new Map(environment)
  if (label !== '') merged.set(networkVariable, label)
  else if (pathNetwork === undefined) merged.delete(networkVariable)
  return new Map([...merged].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function namesOf(items: readonly {readonly name?: unknown}[]): readonly string[] | null {
  const names: string[] = []
  for (const {name} of items) if (typeof name === 'string') names.push(name)
  return names.length === 0 ? null : names
}
