import {during} from '../load.ts'
import {nothingLost, type Row} from '../row.ts'
import {check} from '../row.ts'

export const leaf: Row = {
  number: 6,
  fault: 'leaf rotation',
  bar: '0 lost in 100 rotations (of the 500 of the matrix)',
  isQuick: true,
  replicas: 3,
  async run(bed, scale) {
    const [times, rate] = scale === 'full' ? [100, 40] : [6, 20]
    const serials = new Set<string>()
    const [count, posted] = await during([bed.creating(rate), bed.posting(rate / 2)], async () => {
      for (let rotation = 0; rotation < times; rotation++) {
        await bed.renewLeaf()
        serials.add(await bed.replicas.servedSerial(bed.replicas.names[0] ?? ''))
        // The API server would keep its connections; so it meets the new certificate too.
        await bed.register()
      }
    })
    return {
      done: `${times} leaves one after the other, mounted within 0.5 s; ${rate} creates/s, and ${rate / 2} reviews/s each over a new connection`,
      count,
      checks: [
        nothingLost(count),
        {...nothingLost(posted), text: `of reviews ${nothingLost(posted).text}`},
        check(serials.size === times, `${serials.size} certificates seen`),
      ],
    }
  },
}
