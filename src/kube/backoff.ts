export interface BackoffLimits {
  /** Milliseconds. */
  readonly shortest: number
  readonly longest: number
}

/** Milliseconds to wait after so many failures in a row: doubling, and half of it by chance so that clients spread. */
export function backoff(failures: number, {shortest, longest}: BackoffLimits, random: () => number): number {
  const most = Math.min(longest, shortest * 2 ** Math.min(failures - 1, 30))
  return most / 2 + (most / 2) * random()
}
