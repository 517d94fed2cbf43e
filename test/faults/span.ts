/** A stretch of time, in milliseconds of `performance.now()`. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Those that have no moment in common with any of the windows: what failed then cannot be laid to what was done in them. */
export function outside(spans: readonly Span[], windows: readonly Span[]): readonly Span[] {
  return spans.filter(({from, to}) => !windows.some((window) => from <= window.to && to >= window.from))
}

/** The most moments that lie within any stretch of this length. */
export function mostWithin(length: number, moments: readonly number[]): number {
  return Math.max(0, ...moments.map((from) => moments.filter((at) => at >= from && at < from + length).length))
}

/** The longest time from one moment to the next. */
export function longestGap(moments: readonly number[]): number {
  return Math.max(0, ...moments.slice(1).map((at, index) => at - (moments[index] ?? at)))
}
