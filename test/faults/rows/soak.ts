import {setTimeout as sleep} from 'node:timers/promises'
import {during} from '../load.ts'
import {check, nothingLost, number, type Row} from '../row.ts'

/** Seconds between two samples. */
const every = 5

export const soak: Row = {
  number: 20,
  fault: 'none: soak',
  bar: '20 minutes (of the 6 hours of the matrix): memory flat within its own noise, 0 lost, no replica ends, nothing stale',
  isQuick: false,
  async run(bed, scale) {
    const [minutes, rate] = scale === 'full' ? [20, 40] : [1, 20]
    const exits = bed.replicas.exits
    const samples = new Map(bed.replicas.names.map((name) => [name, Array<number>()]))
    let stale = 0
    const [count, posted] = await during([bed.creating(rate), bed.posting(rate / 4)], async () => {
      const until = performance.now() + minutes * 60_000
      while (performance.now() < until) {
        await sleep(every * 1000)
        for (const [name, taken] of samples) {
          taken.push(bed.replicas.residentMiB(name))
          if ((await bed.replicas.metric(name, 'meshwright_cluster_stale_seconds')) > 0) stale++
        }
      }
    })
    const trends = [...samples.values()].map(trendOf)
    return {
      done: `${minutes} minutes of ${rate} creates/s, and ${rate / 4} reviews/s each over a new connection; memory every ${every} s, the first quarter left out`,
      count,
      checks: [
        nothingLost(count),
        {...nothingLost(posted), text: `of reviews ${nothingLost(posted).text}`},
        ...trends.map(({level, growth, noise, perHour}) =>
          check(
            growth <= noise,
            `${number(level)} MiB resident, ${signed(growth)} MiB from half to half, noise ${number(noise, 1)} MiB (${signed(perHour)} MiB/h)`,
          ),
        ),
        check(bed.replicas.exits === exits, `${bed.replicas.exits - exits} replicas ended`),
        check(stale === 0, `${stale} samples stale`),
      ],
    }
  },
}

interface Trend {
  readonly level: number
  /** Of the second half's mean over the first half's. */
  readonly growth: number
  /** Two standard deviations within a half. */
  readonly noise: number
  /** Slope of the straight line that fits best. */
  readonly perHour: number
}

function trendOf(all: readonly number[]): Trend {
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${number(value, 1)}`
}
