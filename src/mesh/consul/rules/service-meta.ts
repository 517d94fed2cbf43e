import type {PodFacts} from '../../../intent/intent.ts'
import type {StringMap} from '../../pod.ts'
import {keyPrefix} from '../keys.ts'
import {byText} from '../../text-order.ts'

/**
 * Consul knows nothing of pod labels: a subset filters by `Service.Meta`, which consul-k8s fills from the pod annotations
 * `consul.hashicorp.com/service-meta-KEY` alone (control-plane/connect-inject/controllers/endpoints). A label's key
 * becomes a key that Consul's catalog takes: letters, digits, `-` and `_` (agent/structs/structs.go).
 */
function metaKey(label: string): string {
  return label.replace(/[^A-Za-z0-9_-]/g, '_')
}

/** The pod annotation that stands for a label; undefined for a label that Kubernetes or Consul could not take as one. */
export function metaAnnotation(label: string): string | undefined {
  const name = `service-meta-${metaKey(label)}`
  // Consul keeps keys that begin so for itself.
  const reserved = metaKey(label).startsWith('consul-')
  return name.length <= 63 && /[A-Za-z0-9]$/.test(name) && !reserved ? keyPrefix + name : undefined
}

/** A filter as go-bexpr reads it, with keys in an order of their own. */
export function metaFilter(labels: StringMap): string {
  return Object.entries(labels)
    .toSorted(([one], [other]) => byText(one, other))
    .map(([label, value]) => `${selector(metaKey(label))} == ${JSON.stringify(value)}`)
    .join(' and ')
}

function selector(key: string): string {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(key) ? `Service.Meta.${key}` : `Service.Meta[${JSON.stringify(key)}]`
}

export function hasLabels({labels}: PodFacts, wanted: StringMap): boolean {
  return Object.entries(wanted).every(([label, value]) => valueOf(labels, label) === value)
}

/** True where the pod is registered with metadata that the labels' filter picks. */
export function hasMeta({annotations}: PodFacts, wanted: StringMap): boolean {
  return Object.entries(wanted).every(([label, value]) => {
    const annotation = metaAnnotation(label)
    return annotation !== undefined && valueOf(annotations, annotation) === value
  })
}

/** A tenant names the keys: only what the map itself holds counts. */
export function valueOf(map: StringMap, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}
