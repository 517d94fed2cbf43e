/** Chart values: plain data under string keys. */
export type Values = {readonly [key: string]: unknown}

export function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Lays `over` on `base` as Helm does: maps merge, everything else replaces, null removes.
 * Keys such as `__proto__` are data like any other: the result is built with own properties only.
 */
export function overlay(base: Values, over: Values): Values {
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key)
    if (value === null) merged.delete(key)
    else if (isValues(value)) merged.set(key, overlay(isValues(below) ? below : {}, value))
    else merged.set(key, value)
  }
  return Object.fromEntries(merged)
}
