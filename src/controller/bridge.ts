import type {KubeObject} from '../mesh/pod.ts'
import {isMap} from './fields.ts'

/**
 * A wanted object that still has the entries which the object in the cluster has and the wanted one has no longer:
 * others may name them until they are written too. Undefined where no entry falls away.
 *
 * @param path leads to the entries: a map by name, or a list of maps with a name
 */
export function bridged(wanted: KubeObject, found: KubeObject, path: readonly string[]): KubeObject | undefined {
  const kept = withFallen(at(wanted, path), at(found, path))
  const changed = kept === undefined ? undefined : put(wanted, path, kept)
  return isMap(changed) ? changed : undefined
}

function withFallen(wanted: unknown, found: unknown): unknown {
  if (Array.isArray(found)) {
    const entries: readonly unknown[] = Array.isArray(wanted) ? wanted : []
    const names = new Set(entries.map(nameOf))
    const fallen = found.filter((entry) => !names.has(nameOf(entry)))
    return fallen.length === 0 ? undefined : [...entries, ...fallen]
  }
  if (!isMap(found)) return undefined
  const entries = isMap(wanted) ? wanted : {}
  const fallen = Object.entries(found).filter(([name]) => !Object.hasOwn(entries, name))
  return fallen.length === 0 ? undefined : {...entries, ...Object.fromEntries(fallen)}
}

function nameOf(entry: unknown): unknown {
  return isMap(entry) ? entry['name'] : undefined
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((here, key) => (isMap(here) && Object.hasOwn(here, key) ? here[key] : undefined), value)
}

function put(value: unknown, [first, ...rest]: readonly string[], entries: unknown): unknown {
  if (first === undefined) return entries
  const map = isMap(value) ? value : {}
  return {...map, [first]: put(map[first], rest, entries)}
}
