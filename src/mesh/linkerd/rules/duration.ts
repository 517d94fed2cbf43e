const units = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/**
 * Milliseconds as Linkerd's policy controller reads a duration: one whole number and one unit
 * (policy-controller/k8s/index/src/outbound/index.rs, parse_duration). `1m30s` is legal in the Gateway API and would
 * silently mean none.
 */
export function linkerdDuration(milliseconds: number): string {
  const [unit, size] = units.find(([, size]) => milliseconds % size === 0) ?? ['ms', 1]
  return `${milliseconds / size}${unit}`
}

/** The same within the five digits that the Gateway API allows a route; rounded up to seconds where they do not do. */
export function routeDuration(milliseconds: number): {readonly text: string; readonly rounded: boolean} {
  const text = linkerdDuration(milliseconds)
  if (/^[0-9]{1,5}[a-z]/.test(text)) return {text, rounded: false}
  return {text: linkerdDuration(Math.ceil(milliseconds / 1000) * 1000), rounded: true}
}
