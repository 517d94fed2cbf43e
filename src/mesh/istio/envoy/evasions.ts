import type {Evasion} from '../../mesh.ts'
import type {Container, StringMap} from '../../pod.ts'
import {isValues} from '../../values.ts'
import {keys, own} from '../annotations.ts'
import {initImage} from '../images.ts'
import type {Settings} from '../settings.ts'
import {shown} from '../yaml-text.ts'
import {envoyImage} from './image.ts'

/**
 * Ways around a plain Envoy by a container of a reserved name. One of an earlier injection is written anew, so that its
 * image and command say nothing; any other is laid over the sidecar, and with arguments it would bring a bootstrap.
 */
export function envoyContainerEvasions(
  container: Container,
  annotations: StringMap,
  settings: Settings,
): readonly Evasion[] {
  if (isRecorded(container.name, annotations)) return []
  const key = `container ${container.name}`
  const {image = '', command, args} = container
  const ours = [envoyImage({settings, annotations}), initImage(settings, {}), '', 'auto']
  return [
    ...(ours.includes(image) ? [] : [{key, reason: `has the image ${shown(image)}`}]),
    ...(command === undefined ? [] : [{key, reason: 'runs a command of its own'}]),
    ...(args === undefined ? [] : [{key, reason: 'has arguments of its own'}]),
  ]
}

/** Whether the status of an earlier injection names the container, so that the next one writes it anew. */
function isRecorded(name: string, annotations: StringMap): boolean {
  const text = own(annotations, keys.status)
  if (text === undefined) return false
  let status: unknown
  try {
    status = JSON.parse(text)
  } catch {
    return false
  }
  if (!isValues(status)) return false
  return [status['containers'], status['initContainers']].some((names) => Array.isArray(names) && names.includes(name))
}
