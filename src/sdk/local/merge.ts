import type {Values} from '../../mesh/values.ts'
import {isValues} from '../../mesh/values.ts'
import type {Fragment} from '../fragment.ts'

/** Lists that several writers share, by the key of their items: as the CRDs have them for server-side apply. */
const sharedLists: ReadonlyMap<string, string> = new Map([
  ['versions', 'name'],
  ['split', 'version'],
])

export type Merging =
  | {readonly ok: true; readonly spec: Values}
  /** Two writers say different things of one field. */
  | {readonly ok: false; readonly field: string; readonly managers: readonly [string, string]}

/** What the API server would make of the same fragments by server-side apply without force. */
export function merge(fragments: readonly Pick<Fragment, 'manager' | 'spec'>[]): Merging {
  let merged: Written = {value: {}, managers: []}
  for (const {spec, manager} of fragments) {
    const next = lay(merged, spec, manager, '')
    if ('field' in next) return {ok: false, ...next}
    merged = next
  }
  return {ok: true, spec: isValues(merged.value) ? plain(merged) : {}}
}

/** A value and who wrote it; of a map, who wrote each part stands in the parts. */
interface Written {
  readonly value: unknown
  readonly managers: readonly string[]
  readonly parts?: ReadonlyMap<string, Written>
}

interface Conflict {
  readonly field: string
  readonly managers: readonly [string, string]
}

function lay(below: Written | undefined, value: unknown, manager: string, path: string): Written | Conflict {
  const field = path.split('.').at(-1) ?? ''
  const key = sharedLists.get(field)
  const items = key !== undefined && Array.isArray(value) ? keyed(value, key) : undefined
  const entries = items ?? (isValues(value) ? new Map(Object.entries(value)) : undefined)
  if (entries === undefined) {
    const same = below === undefined || JSON.stringify(below.value) === JSON.stringify(value)
    if (!same) return {field: path, managers: [below.managers[0] ?? '', manager]}
    return {value, managers: [...(below?.managers ?? []), manager]}
  }
  const parts = new Map(below?.parts)
  for (const [name, part] of entries) {
    const next = lay(parts.get(name), part, manager, path === '' ? name : `${path}.${name}`)
    if ('field' in next) return next
    parts.set(name, next)
  }
  return {value: items === undefined ? {} : [], managers: [...(below?.managers ?? []), manager], parts}
}

function keyed(items: readonly unknown[], key: string): Map<string, unknown> {
  return new Map(items.map((item, index) => [isValues(item) ? String(item[key]) : String(index), item]))
}

function plain({parts = new Map()}: Written): Values {
  return Object.fromEntries([...parts].map(([name, part]) => [name, plainValue(part)]))
}

function plainValue(written: Written): unknown {
  if (written.parts === undefined) return written.value
  if (Array.isArray(written.value)) return [...written.parts.values()].map(plainValue)
  return plain(written)
}
