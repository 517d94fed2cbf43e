import {isValues} from '../values.ts'
import {keys} from './annotations.ts'
import {RefusedValue} from './rendering.ts'
import {shown} from './yaml-text.ts'

const network = {namespace: 'default', name: 'istio-cni'}
const short = `${network.namespace}/${network.name}`

/** The networks that Multus attaches, with Istio's CNI among them (pkg/kube/inject/template.go appendMultusNetwork). */
export function multusNetworks(existing: string): string {
  // The template puts the value between single quotes of YAML.
  if (existing.includes("'")) {
    throw new RefusedValue(`annotation ${keys.networks} is ${shown(existing)}; Istio cannot keep a single quote in it`)
  }
  if (existing === '') return short
  const end = existing.lastIndexOf(']')
  if (end < 0) {
    const names = existing.split(',').map((name) => name.trim())
    return names.includes(short) ? existing : `${existing}, ${short}`
  }
  let networks: unknown
  try {
    networks = JSON.parse(existing)
  } catch {
    return existing
  }
  if (!Array.isArray(networks) || !networks.every((item) => item === null || isValues(item))) return existing
  const present = networks.some(
    (item) => isValues(item) && item['name'] === network.name && (item['namespace'] ?? '') === network.namespace,
  )
  if (present) return existing
  return `${existing.slice(0, end)}, {"name": "${network.name}", "namespace": "${network.namespace}"}${existing.slice(end)}`
}
