import {closedLoop, constantRate, requestBytes} from '../../../bench/load.ts'
import {pod} from '../../e2e/manifests.ts'
import {directly, isInjected} from '../direct.ts'
import {podReview} from '../../review.ts'
import {check, number, type Row} from '../row.ts'

/** Of a core. */
const busy = 0.7

export const steady: Row = {
  number: 1,
  fault: 'none: steady load',
  bar: '1,000,000 reviews, 0 lost; >= 3,000/s a core; with the core 70 % busy p50 <= 3 ms, p99 <= 25 ms',
  isQuick: true,
  run(bed, scale) {
    const [name = ''] = bed.replicas.names
    return directly(bed, name, async ({target: replica, cores, cpuSeconds}) => {
      const target = {...replica, isRight: (body: string, index: number) => isInjected(body, `steady-${index}`)}
      const bodies = Array.from({length: 100}, (_, index) =>
        podReview(`steady-${index}`, 'load', pod({name: `steady-${index}`})),
      )
      const requests = bodies.map((body) => requestBytes('/mutate?timeout=5s', body))
      const seconds = scale === 'full' ? 10 : 3
      await closedLoop(target, requests, 8, seconds)
      const {perSecond} = await closedLoop(target, requests, 8, seconds)
      // What comes one by one costs a third more than what comes in turn with the answers: 70 % of the above would be 90 % of a
      // core. The cost depends on the rate too: what half of it costs names the rate at which it is measured again.
      let rate = perSecond / 2
      for (let measured = 0; measured < 2; measured++) {
        const before = cpuSeconds()
        const calm = await constantRate(target, requests, 32, seconds, rate)
        const cost = (cpuSeconds() - before) / (calm.answers + calm.failures)
        if (!Number.isNaN(cost)) rate = Math.round(busy / cost)
      }
      const reviews = scale === 'full' ? 1_000_000 : 30_000
      const started = cpuSeconds()
      const {answers, failures, p50, p99, worst} = await constantRate(target, requests, 32, reviews / rate, rate)
      const used = (cpuSeconds() - started) / (reviews / rate)
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
      return {
        done: `${number(answers + failures)} reviews to one replica on ${cores}; ${number(rate)}/s, which kept it ${number(100 * used)} % busy`,
        count,
        checks: [
          check(failures === 0, `${failures} of ${number(answers + failures)} lost`),
          // A small run on a machine that does other things says nothing about speed.
          check(scale === 'quick' || perSecond >= 3000, `${number(perSecond)}/s at most`),
          check(scale === 'quick' || (p50 <= 3 && p99 <= 25), `p50 ${number(p50, 1)} ms, p99 ${number(p99, 1)} ms`),
        ],
      }
    })
  },
}
