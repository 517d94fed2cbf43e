/** `1.0.0` is `v1.0.0`: a leading v before a digit does not count when versions are compared. */
export function comparable(version: string): string {
  return /^v[0-9]/.test(version) ? version.slice(1) : version
}

/** True where both name one version. */
export function sameVersion(one: string, other: string): boolean {
  return comparable(one) === comparable(other)
}
