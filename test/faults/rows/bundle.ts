import {setTimeout as sleep} from 'node:timers/promises'
import {failures} from '../count.ts'
import {Kept} from '../kept.ts'
import {during} from '../load.ts'
import {check, number, type Row} from '../row.ts'
import {longestGap, mostWithin, outside, type Span} from '../span.ts'

/** Milliseconds after the repair until the API server has surely heard of it and connected anew. */
const heard = 1000
const minute = 60_000
/** Of the moments of repairs as they are seen from here. */
const blur = 500

export const bundle: Row = {
  number: 9,
  fault: 'caBundle wiped',
  bar: 'repaired <= 5 s, and no create is lost but meanwhile; where somebody goes on wiping it, <= 10 patches in any minute, and never 16 s without one',
  isQuick: true,
  async run(bed, scale) {
    const [times, fight] = scale === 'full' ? [10, 150] : [1, 20]
    const kept = await Kept.start(bed)
    try {
      await kept.steady('the start')
      const good = kept.bundle
      const wrong: Span[] = []
      const calm: number[] = []
      const fought: number[] = []
      const load = bed.creating(20)
      const [count] = await during([load], async () => {
        for (let time = 0; time < times; time++) {
          const from = performance.now()
          await kept.overwrite(time % 2 === 0 ? '' : bed.authorities.bundle)
          await bed.cluster.until('the repair', minute, async () => (await kept.look()) === good)
          const to = performance.now()
          wrong.push({from, to: to + heard})
          calm.push(to)
          // As many as a minute may have are not to be told from a fight.
          await sleep(8000)
        }
        const begun = performance.now()
        const until = begun + fight * 1000
        let isWiped = false
        while (performance.now() < until) {
          if ((await kept.look()) === good) {
            // What is found right at first was repaired before.
            if (isWiped) fought.push(performance.now())
            await kept.overwrite('')
            isWiped = true
          }
          await sleep(20)
        }
        // Nobody is promised a create while somebody fights.
        wrong.push({from: begun, to: performance.now() + minute})
      })
      const slowest = Math.max(...wrong.slice(0, times).map(({from, to}) => to - heard - from)) / 1000
      const unexplained = outside(load.failed, wrong).length
      const most = mostWithin(minute - blur, [...calm, ...fought])
      const longest = longestGap(fought) / 1000
      return {
        done: `wiped, or another authority's, ${times} times, each 8 s after the repair, then wiped at once after each repair for ${fight} s; 20 creates/s, of which those in between are refused`,
        count,
        checks: [
          check(slowest <= 5, `repaired after ${number(slowest, 1)} s at most`),
          check(
            unexplained === 0,
            `${number(failures(count))} refused meanwhile, ${number(unexplained)} but while it was wrong or within a second of the repair`,
          ),
          check(
            most <= 10 && fought.length > 1 && longest <= 16,
            `in ${fight} s of fight ${fought.length} patches, ${most} in any minute at most, ${number(longest, 1)} s apart at most`,
          ),
        ],
      }
    } finally {
      await kept.stop()
    }
  },
}
