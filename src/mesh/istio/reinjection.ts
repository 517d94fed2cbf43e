import {goContainer} from '../go/struct.ts'
import type {Container, Pod, StringMap} from '../pod.ts'
import {isValues} from '../values.ts'
import {keys, own} from './annotations.ts'
import {prometheusPort, withoutPrometheus} from './metrics.ts'
import {RefusedValue} from './rendering.ts'

/** What sidecar.istio.io/status says that an earlier injection put into the pod. */
export interface EarlierInjection {
  readonly containers: ReadonlySet<string>
  readonly initContainers: ReadonlySet<string>
  /** False where istiod cannot read the whole annotation: then nothing is stripped, but the names still count. */
  readonly readable: boolean
}

const unreadable: EarlierInjection = {containers: new Set(), initContainers: new Set(), readable: false}

/** Undefined where the pod was not injected before. Text that is no JSON object counts as injected with nothing. */
export function earlierInjection(annotations: StringMap): EarlierInjection | undefined {
  const text = own(annotations, keys.status)
  if (text === undefined) return undefined
  let status: unknown
  try {
    status = JSON.parse(text)
  } catch {
    return unreadable
  }
  if (status === null) return {...unreadable, readable: true}
  if (!isValues(status)) return unreadable
  const readable =
    ['initContainers', 'containers', 'volumes', 'imagePullSecrets'].every((name) => isTexts(status[name] ?? [])) &&
    typeof (status['revision'] ?? '') === 'string'
  return {containers: names(status['containers']), initContainers: names(status['initContainers']), readable}
}

function names(value: unknown): ReadonlySet<string> {
  if (value === undefined || value === null) return new Set()
  if (isTexts(value)) return new Set(value)
  // istiod crashes on this, and its webhook's failurePolicy refuses the pod.
  throw new RefusedValue(`annotation ${keys.status} must list names of containers; remove the annotation`)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Containers that the user wrote under a name of the template, as proxy.istio.io/overrides keeps them. */
export interface Overrides {
  readonly containers: readonly Container[]
  readonly initContainers: readonly Container[]
}

const none: Overrides = {containers: [], initContainers: []}

export function readOverrides(annotations: StringMap): Overrides {
  const text = own(annotations, keys.overrides)
  if (text === undefined) return none
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new RefusedValue(`annotation ${keys.overrides} is not JSON; remove it`)
  }
  if (value === null) return none
  if (!isValues(value)) throw new RefusedValue(`annotation ${keys.overrides} must be a JSON object; remove it`)
  return {containers: containersOf(value['containers']), initContainers: containersOf(value['initContainers'])}
}

function containersOf(value: unknown): readonly Container[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value))
    throw new RefusedValue(`annotation ${keys.overrides} must hold lists of containers; remove it`)
  return value.map((item: unknown) => {
    const name = isValues(item) ? (item['name'] ?? '') : undefined
    if (!isValues(item) || typeof name !== 'string') {
      throw new RefusedValue(`annotation ${keys.overrides} holds something that is no container; remove it`)
    }
    return typedContainer({...item, name})
  })
}

/** The container as istiod's typed copy has it. */
export function typedContainer(container: Container): Container {
  const typed = goContainer(container)
  return isValues(typed) ? {...typed, name: container.name} : container
}

/** What the templates see: the pod without its earlier sidecar, and with what the user wrote under the sidecar's name. */
export interface Stripped {
  readonly annotations: StringMap
  readonly containers: readonly Container[]
}

export function strip(
  pod: Pod,
  earlier: EarlierInjection | undefined,
  overrides: Overrides,
  agentPort: string,
): Stripped {
  let annotations = pod.metadata.annotations ?? {}
  let {containers} = pod.spec
  if (earlier?.readable === true) {
    containers = containers.filter(({name}) => !earlier.containers.has(name))
    if (prometheusPort(annotations) === agentPort) annotations = withoutPrometheus(annotations)
  }
  const missing = overrides.containers.filter(({name}) => !containers.some((container) => container.name === name))
  return {annotations, containers: missing.length === 0 ? containers : [...containers, ...missing]}
}
