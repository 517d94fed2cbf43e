/** Whole milliseconds, at least one, as Istio's CRDs and its validation take a duration: `90s`, `1500ms`. */
export function istioDuration(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`
}
