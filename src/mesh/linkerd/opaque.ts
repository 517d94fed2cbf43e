import type {NamespaceFacts} from '../objects.ts'
import type {Container, KubeObject, Service} from '../pod.ts'
import {isValues} from '../values.ts'
import {opaquePortsAnnotation, own} from './annotations.ts'
import {isSelected} from './decide.ts'
import {defaultOpaquePorts} from './ports.ts'
import type {Settings} from './settings.ts'

/**
 * Gives a Service, or a pod that gets no sidecar, the opaque-ports annotation that Linkerd's webhook gives it: the
 * namespace's, else its ports that are opaque by default. The same object comes back where there is nothing to write.
 */
export function annotateOpaquePorts<T extends KubeObject>(object: T, namespace: NamespaceFacts, settings: Settings): T {
  const annotations = object.metadata?.annotations
  if (own(annotations, opaquePortsAnnotation) !== undefined || !isSelected(object, namespace, settings)) return object
  const inherited = own(namespace.annotations, opaquePortsAnnotation)
  const value = inherited === undefined ? portsOf(object, settings) : asWritten(escapeHtml(inherited))
  if (value === '' && inherited === undefined) return object
  return {...object, metadata: {...object.metadata, annotations: {...annotations, [opaquePortsAnnotation]: value}}}
}

/**
 * An inherited annotation as Linkerd's patch carries it: pasted between the quotes of a JSON text, so that `\n` becomes
 * a line break. Where that makes no JSON, Linkerd's patch is broken and the text stays as it is.
 */
export function asWritten(text: string): string {
  if (!text.includes('\\')) return text
  try {
    const value: unknown = JSON.parse(`"${text}"`)
    return typeof value === 'string' ? value : text
  } catch {
    return text
  }
}

function portsOf(object: KubeObject, {defaultOpaquePorts: opaque}: Settings): string {
  if (isService(object)) return servicePorts(object, opaque)
  const spec = object['spec']
  if (!isValues(spec)) return ''
  return defaultOpaquePorts([...containerList(spec['initContainers']), ...containerList(spec['containers'])], opaque)
}

/** A named target, or a number written as a text, is never opaque by default; no target means the port itself. */
function servicePorts({spec}: Service, opaque: ReadonlySet<string>): string {
  const found: number[] = []
  for (const {port = 0, targetPort = 0} of spec.ports ?? [])
    if (typeof targetPort === 'number' && opaque.has(String(targetPort === 0 ? port : targetPort))) found.push(port)
  return found.join(',')
}

const htmlEscapes = new Map([
  ['\0', '\uFFFD'],
  ['"', '&#34;'],
  ['&', '&amp;'],
  ["'", '&#39;'],
  ['+', '&#43;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
])

/** Linkerd renders this one patch with html/template; ports and their names hold none of these characters. */
function escapeHtml(text: string): string {
  return text.replace(/[\0"&'+<>]/g, (character) => htmlEscapes.get(character) ?? character)
}

function isService(object: KubeObject): object is Service {
  return object.kind === 'Service' && isValues(object['spec'])
}

function containerList(value: unknown): readonly Container[] {
  return Array.isArray(value) ? value : []
}
