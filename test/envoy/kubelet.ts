import type {Container, Pod} from '../../src/mesh/pod.ts'

/** What the kubelet would start a container with. */
export interface Process {
  readonly argv: readonly string[]
  readonly env: ReadonlyMap<string, string>
}

/** What only the cluster knows of a pod. */
export interface Placement {
  readonly podIP: string
  readonly nodeName: string
  readonly namespace: string
  readonly name: string
}

/** The process of a container: its environment resolved, `$(VAR)` expanded in command and arguments. */
export function processOf(container: Container, pod: Pod, placement: Placement): Process {
  const env = new Map<string, string>()
  for (const {name, value, valueFrom} of container.env ?? []) {
    if (valueFrom === undefined) env.set(name, expand(value ?? '', env))
    else env.set(name, field(JSON.stringify(valueFrom), pod, placement))
  }
  const words = [...(container.command ?? []), ...(container.args ?? [])]
  return {argv: words.map((word) => expand(word, env)), env}
}

function field(source: string, pod: Pod, placement: Placement): string {
  const path = /^\{"fieldRef":\{(?:"apiVersion":"v1",)?"fieldPath":"([^"]+)"/.exec(source)?.[1]
  const fields: {readonly [path: string]: string} = {
    'metadata.name': placement.name,
    'metadata.namespace': placement.namespace,
    'status.podIP': placement.podIP,
    'status.podIPs': placement.podIP,
    'status.hostIP': '192.0.2.1',
    'spec.nodeName': placement.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
  }
  const value = path === undefined ? undefined : fields[path]
  if (value === undefined) throw new Error(`the test knows no value for ${source}`)
  return value
}

/**
 * Kubernetes' expansion (third_party/forked/golang/expansion): `$$` is a dollar, `$(NAME)` the variable where there is
 * one, and anything else stays as it stands.
 */
export function expand(text: string, env: ReadonlyMap<string, string>): string {
  let expanded = ''
  for (let i = 0; i < text.length; i++) {
    const next = text[i + 1]
    if (text[i] !== '$' || next === undefined) expanded += text[i]
    else if (next === '$') {
      expanded += '$'
      i++
    } else if (next === '(') {
      const end = text.indexOf(')', i + 2)
      if (end === -1) {
        expanded += '$('
        i++
      } else {
        const name = text.slice(i + 2, end)
        expanded += env.get(name) ?? `$(${name})`
        i = end
      }
    } else expanded += text[i]
  }
  return expanded
}
