import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {closedLoop, constantRate, requestBytes} from '../../../bench/load.ts'
import {pod} from '../../e2e/manifests.ts'
import {pin} from '../core.ts'
import {check, number, type Row} from '../row.ts'
import {reviewOf} from '../senders.ts'

export const steady: Row = {
  number: 1,
  fault: 'none: steady load',
  bar: '1,000,000 reviews, 0 lost; >= 3,000/s a core; at 70 % of that p50 <= 3 ms, p99 <= 25 ms',
  isQuick: true,
  async run(bed, scale) {
    const [name = ''] = bed.replicas.names
    const caFile = join(bed.cluster.dir, 'steady.crt')
    await writeFile(caFile, bed.authorities.bundle)
    const target = {port: bed.replicas.portOf(name), caFile, path: '/mutate'}
    const bodies = Array.from({length: 100}, (_, index) => reviewOf(`steady-${index}`, pod({name: `steady-${index}`})))
    const requests = bodies.map((body) => requestBytes('/mutate?timeout=5s', body))
    const isPinned = pin(bed.replicas.pidOf(name), '0') && pin(process.pid, '1')
    try {
      await closedLoop(target, requests, 8, scale === 'full' ? 10 : 3)
      const {perSecond} = await closedLoop(target, requests, 8, scale === 'full' ? 10 : 3)
      const rate = Math.round(perSecond * 0.7)
      const reviews = scale === 'full' ? 1_000_000 : 30_000
      const {answers, failures, p50, p99, worst} = await constantRate(target, requests, 32, reviews / rate, rate)
      const count = {
        attempted: answers + failures,
        injected: answers,
        bare: 0,
        refused: 0,
        lost: failures,
        p50,
        p99,
        worst,
        reasons: new Map<string, number>(),
      }
      const cores = isPinned ? 'a core of its own, the client on the other' : 'two cores with the client'
      return {
        done: `${number(answers + failures)} reviews to one replica on ${cores}; ${number(rate)}/s, 70 % of what it can`,
        count,
        checks: [
          check(failures === 0, `${failures} of ${number(answers + failures)} lost`),
          // A small run on a machine that does other things says nothing about speed.
          check(scale === 'quick' || perSecond >= 3000, `${number(perSecond)}/s at most`),
          check(scale === 'quick' || (p50 <= 3 && p99 <= 25), `p50 ${number(p50, 1)} ms, p99 ${number(p99, 1)} ms`),
        ],
      }
    } finally {
      if (isPinned) {
        pin(bed.replicas.pidOf(name), '0,1')
        pin(process.pid, '0,1')
      }
    }
  },
}
