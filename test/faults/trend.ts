/** How a measure went over time, with its noise. */
export interface Trend {
  /** The mean. */
  readonly level: number
  /** Of the second half's mean over the first half's. */
  readonly growth: number
  /** Two standard deviations within a half. */
  readonly noise: number
  /** Slope of the straight line that fits best, per hour. */
  readonly perHour: number
}

/** Of samples taken every so many seconds; the first quarter is left out, for a process grows while it warms up. */
export function trendOf(all: readonly number[], every: number): Trend {
  const samples = all.slice(Math.floor(all.length / 4))
  const half = Math.floor(samples.length / 2)
  const [first, second] = [samples.slice(0, half), samples.slice(half)]
  const deviations = [first, second].map((part) => {
    const middle = mean(part)
    return Math.sqrt(mean(part.map((value) => (value - middle) ** 2)))
  })
  const times = samples.map((_, index) => (index * every) / 3600)
  const [middleTime, middle] = [mean(times), mean(samples)]
  const covariance = mean(samples.map((value, index) => (value - middle) * ((times[index] ?? 0) - middleTime)))
  const variance = mean(times.map((time) => (time - middleTime) ** 2))
  return {
    level: middle,
    growth: mean(second) - mean(first),
    noise: 2 * Math.max(...deviations),
    perHour: covariance / variance,
  }
}

/** MiB an hour, and MiB: what a flat memory stays below. Noise has a bound too, for it would hide a slope. */
export const flat = {slope: 60, noise: 30} as const

/** Whether memory is flat: it grows by less than its noise, and neither the noise nor the slope is large. Never where a sample is missing. */
export function isFlat({growth, noise, perHour}: Trend): boolean {
  return growth <= noise && noise <= flat.noise && perHour <= flat.slope
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
