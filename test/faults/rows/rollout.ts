import {during} from '../load.ts'
import {check, nothingLost, type Row} from '../row.ts'

export const rollout: Row = {
  number: 5,
  fault: 'rolling restart',
  bar: '0 lost in 20 restarts; every replica ends with 0',
  isQuick: true,
  replicas: 3,
  async run(bed, scale) {
    const [restarts, rate] = scale === 'full' ? [20, 50] : [2, 25]
    const ends: string[] = []
    const [count] = await during([bed.creating(rate)], async () => {
      for (let restart = 0; restart < restarts; restart++) {
        for (const name of bed.replicas.names) {
          // maxSurge 1, maxUnavailable 0: the new one is ready before the old one is told.
          await bed.replicas.add()
          ends.push(await bed.replicas.retire(name))
        }
      }
    })
    const clean = ends.filter((end) => end === 'exit code 0').length
    return {
      done: `3 replicas restarted one by one ${restarts} times, ${rate} creates/s, endpoints 0.5 s late, 2 s of drain`,
      count,
      checks: [nothingLost(count), check(clean === ends.length, `${clean} of ${ends.length} ended with 0`)],
    }
  },
}
