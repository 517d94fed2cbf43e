import {setTimeout as sleep} from 'node:timers/promises'
import {failures} from '../count.ts'
import {Kept} from '../kept.ts'
import {during} from '../load.ts'
import {check, number, type Row} from '../row.ts'

export const bundle: Row = {
  number: 9,
  fault: 'caBundle wiped',
  bar: 'repaired <= 5 s; <= 10 patches a minute where somebody goes on wiping it',
  isQuick: true,
  async run(bed, scale) {
    const [times, fight] = scale === 'full' ? [10, 120] : [1, 0]
    const kept = await Kept.start(bed)
    try {
      await kept.steady('the start')
      const good = kept.bundle
      const took: number[] = []
      let repairs = 0
      const [count] = await during([bed.creating(20)], async () => {
        for (let time = 0; time < times; time++) {
          await kept.overwrite(time % 2 === 0 ? '' : bed.authorities.bundle)
          const begun = performance.now()
          await bed.cluster.until('the repair', 60_000, async () => (await kept.look()) === good)
          took.push(performance.now() - begun)
          // As many as a minute may have are not to be told from a fight.
          await sleep(8000)
        }
        const until = performance.now() + fight * 1000
        let isWiped = false
        while (performance.now() < until) {
          if ((await kept.look()) === good) {
            // What is found right at first was repaired before.
            if (isWiped) repairs++
            await kept.overwrite('')
            isWiped = true
          }
          await sleep(20)
        }
      })
      const slowest = Math.max(...took) / 1000
      const calm = fight === 0 ? '' : `, then wiped at once after each repair for ${fight} s`
      return {
        done: `wiped, or another authority's, ${times} times, each 8 s after the repair${calm}; 20 creates/s, of which those in between are refused`,
        count,
        checks: [
          check(slowest <= 5, `repaired after ${number(slowest, 1)} s at most`),
          check(failures(count) < count.attempted, `${number(failures(count))} refused meanwhile`),
          ...(fight === 0 ? [] : [check(repairs <= (10 * fight) / 60, `${repairs} patches in ${fight} s of fight`)]),
        ],
      }
    } finally {
      await kept.stop()
    }
  },
}
