import {Kept} from '../kept.ts'
import {during} from '../load.ts'
import {check, nothingLost, type Row} from '../row.ts'

export const authority: Row = {
  number: 7,
  fault: 'CA rotation',
  bar: '0 lost in 3 rotations on end, 3 replicas',
  isQuick: true,
  replicas: 3,
  async run(bed, scale) {
    const [times, rate] = scale === 'full' ? [3, 40] : [1, 20]
    const signers: string[] = []
    const creating = bed.creating(rate)
    const kept = await Kept.start(bed)
    try {
      await kept.known()
      const [count, posted] = await during([creating, kept.posting(rate / 2)], async () => {
        signers.push(await kept.steady('the controllers have taken over'))
        for (let rotation = 0; rotation < times; rotation++) {
          await kept.ask('authority')
          signers.push(await kept.next(signers.at(-1) ?? '', `rotation ${rotation + 1}`))
        }
      })
      return {
        done: `two controllers take over from an authority that they do not know, and are asked for another one ${times} times on end; the Secret is mounted within 0.5 s; ${rate} creates/s, and ${rate / 2} reviews/s each over a new connection that trusts what the registration says`,
        count,
        checks: [
          nothingLost(count),
          {...nothingLost(posted), text: `of reviews ${nothingLost(posted).text}`},
          check(new Set(signers).size === times + 1, `${new Set(signers).size} authorities in turn`),
        ],
      }
    } finally {
      await creating.stop()
      await kept.stop()
    }
  },
}
