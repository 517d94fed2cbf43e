import {createHash} from 'node:crypto'

/**
 * A short text that is the same for values that mean the same to Kubernetes: the order of a map's keys does not count,
 * and a key whose value is null is as good as absent.
 */
export function digestOf(value: unknown): string {
  // Not a slice of the whole text, which would keep the rest of it in memory.
  return createHash('sha256').update(canonical(value)).digest().toString('base64url', 0, 16)
}

/** JSON with sorted keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, below]) => below !== null && below !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, below]) => `${JSON.stringify(key)}:${canonical(below)}`).join()}}`
}
