import {during} from '../load.ts'
import {nothingLost, type Row} from '../row.ts'

export const authority: Row = {
  number: 7,
  fault: 'CA rotation',
  bar: '0 lost in 3 rotations on end, 3 replicas',
  isQuick: true,
  replicas: 3,
  async run(bed, scale) {
    const [times, rate] = scale === 'full' ? [3, 40] : [1, 20]
    const posting = bed.posting(rate / 2)
    const count = await during(bed.creating(rate), async () => {
      for (let rotation = 0; rotation < times; rotation++) {
        await bed.authorities.add()
        await bed.register()
        await bed.renewLeaf()
        bed.authorities.dropOld()
        await bed.register()
      }
    })
    const posted = await posting.stop()
    return {
      done: `${times} on end: the bundle with both, all leaves, the old one dropped; ${rate} creates/s, and ${rate / 2} reviews/s each over a new connection`,
      count,
      checks: [nothingLost(count), {...nothingLost(posted), text: `of reviews ${nothingLost(posted).text}`}],
    }
  },
}
