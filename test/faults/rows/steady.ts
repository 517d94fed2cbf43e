import {closedLoop, constantRate, requestBytes, type Tell} from '../../../bench/load.ts'
import {pod} from '../../e2e/manifests.ts'
import {Counter} from '../count.ts'
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
      // core. And what it costs changes with the machine, so that the rate follows it.
      let rate = perSecond / 2
      let [answers, failures, spent, lasted] = [0, 0, 0, 0]
      const send = async (reviews: number, tell?: Tell) => {
        const [before, duration] = [cpuSeconds(), reviews / rate]
        const measured = await constantRate(target, requests, 32, duration, rate, tell)
        const used = cpuSeconds() - before
        if (!Number.isNaN(used)) rate = Math.round((busy * reviews) / used)
        return {...measured, used, duration}
      }
      await send(rate * seconds)
      const [reviews, stretches] = scale === 'full' ? [1_000_000, 50] : [30_000, 3]
      const counter = new Counter()
      const tell: Tell = (status, milliseconds) =>
        counter.add(status === 200 ? {kind: 'injected'} : {kind: 'lost', why: `HTTP ${status}`}, milliseconds)
      for (let stretch = 0; stretch < stretches; stretch++) {
        const measured = await send(Math.round(reviews / stretches), tell)
        answers += measured.answers
        failures += measured.failures
        spent += measured.used
        lasted += measured.duration
      }
      const [attempted, share, {p50, p99}] = [answers + failures, spent / lasted, counter.count]
      return {
        done: `${number(attempted)} reviews to one replica on ${cores}; ${number(attempted / lasted)}/s, a rate that follows what the core makes of it`,
        count: {...counter.count, attempted, lost: failures},
        checks: [
          check(failures === 0, `${failures} of ${number(attempted)} lost`),
          // A small run on a machine that does other things says nothing about speed.
          check(scale === 'quick' || perSecond >= 3000, `${number(perSecond)}/s at most`),
          check(
            scale === 'quick' || (share >= busy - 0.05 && p50 <= 3 && p99 <= 25),
            `${number(100 * share)} % busy: p50 ${number(p50, 1)} ms, p99 ${number(p99, 1)} ms`,
          ),
        ],
      }
    })
  },
}
