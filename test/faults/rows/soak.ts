import {setTimeout as sleep} from 'node:timers/promises'
import {during} from '../load.ts'
import {check, nothingLost, number, type Row} from '../row.ts'
import {flat, isFlat, trendOf} from '../trend.ts'

/** Seconds between two samples. */
const every = 5

export const soak: Row = {
  number: 20,
  fault: 'none: soak',
  bar: `20 minutes (of the 6 hours of the matrix): memory flat: it grows by less than its own noise of <= ${flat.noise} MiB, and by <= ${flat.slope} MiB an hour; 0 lost, no replica ends, nothing stale`,
  isQuick: false,
  async run(bed, scale) {
    const [minutes, rate] = scale === 'full' ? [20, 40] : [1, 20]
    const exits = bed.replicas.exits
    const samples = new Map(bed.replicas.names.map((name) => [name, Array<number>()]))
    const staleness: number[] = []
    const [count, posted] = await during([bed.creating(rate), bed.posting(rate / 4)], async () => {
      const until = performance.now() + minutes * 60_000
      while (performance.now() < until) {
        await sleep(every * 1000)
        for (const [name, taken] of samples) {
          taken.push(bed.replicas.residentMiB(name))
          staleness.push(await bed.replicas.metric(name, 'meshwright_cluster_stale_seconds'))
        }
      }
    })
    const trends = [...samples.values()].map((taken) => trendOf(taken, every))
    // What was not told counts as stale.
    const stale = staleness.filter((seconds) => seconds !== 0)
    const due = bed.replicas.names.length * Math.floor((minutes * 60) / every)
    return {
      done: `${minutes} minutes of ${rate} creates/s, and ${rate / 4} reviews/s each over a new connection; memory every ${every} s, the first quarter left out`,
      count,
      checks: [
        nothingLost(count),
        {...nothingLost(posted), text: `of reviews ${nothingLost(posted).text}`},
        ...trends.map(({level, growth, noise, perHour}) =>
          check(
            // A minute says nothing of a slope.
            scale === 'quick' || isFlat({level, growth, noise, perHour}),
            `${number(level)} MiB resident, ${signed(growth)} MiB from half to half, noise ${number(noise, 1)} MiB (${signed(perHour)} MiB/h)`,
          ),
        ),
        check(bed.replicas.exits === exits, `${bed.replicas.exits - exits} replicas ended`),
        check(
          stale.length === 0 && staleness.length >= due * 0.9,
          `${stale.length} of ${staleness.length} samples stale${stale.length === 0 ? '' : `: ${stale.slice(0, 5).join(', ')} s`}`,
        ),
      ],
    }
  },
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${number(value, 1)}`
}
