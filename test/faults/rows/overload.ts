import {closedLoop, constantRate, requestBytes, wrongAnswer} from '../../../bench/load.ts'
import {application, pod} from '../../e2e/manifests.ts'
import {directly, isInjected} from '../direct.ts'
import {HighWater} from '../high-water.ts'
import {podReview} from '../../review.ts'
import {check, number, type Row} from '../row.ts'

/** Connections: three API servers with as many creates under way as each allows, 200; 512 of them may be in flight. */
const width = 600
/** Containers of a pod: enough that one client can ask for several times of what a core can answer. */
const containers = 10

/**
 * MiB. In quick runs, which share the machine with whatever CI does, it is the memory limit of the manifests that counts; as in
 * the other rows, how long something takes is judged in full runs only.
 */
const mostMemory = {full: 256, quick: 512} as const
/** One in so many of the reviews that it could answer is answered all the while. */
const leastShare = {full: 2, quick: 5} as const

const words: ReadonlyMap<number, string> = new Map([
  [0, 'broken'],
  [wrongAnswer, 'not with a sidecar'],
])

export const overload: Row = {
  number: 17,
  fault: 'overload',
  bar: 'shed with 429 within 50 ms (p99), every request answered, memory <= 256 MiB, as before <= 5 s after it is over',
  isQuick: true,
  async run(bed, scale) {
    // A fresh one: what earlier rows have left in its memory is not the overload's.
    const [old = ''] = bed.replicas.names
    await bed.replicas.retire(old)
    const name = await bed.replicas.add()
    const many = Array.from({length: containers}, (_, index) => application(`app-${index}`))
    const review = podReview('overload', 'load', pod({name: 'overload'}, {containers: many}))
    const requests = [requestBytes('/mutate?timeout=5s', review)]
    return directly(bed, name, async ({target: replica, cores}) => {
      const target = {...replica, isRight: (body: string) => isInjected(body, 'overload')}
      const seconds = scale === 'full' ? 30 : 5
      await closedLoop(target, requests, 8, 3)
      const {perSecond} = await closedLoop(target, requests, 8, 3)
      const calm = await constantRate(target, requests, 32, 3, perSecond / 2)
      const before = bed.replicas.residentMiB(name)
      const statuses = new Map<number, number>()
      const sheds: number[] = []
      const memory = new HighWater(bed.replicas, name)
      await closedLoop(target, requests, width, seconds, (status, milliseconds) => {
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (status === 429) sheds.push(milliseconds)
      })
      const most = memory.stop()
      const over = performance.now()
      let back = Number.POSITIVE_INFINITY
      while (performance.now() - over < 10_000 && back === Number.POSITIVE_INFINITY) {
        const begun = performance.now()
        const now = await constantRate(target, requests, 32, 0.5, perSecond / 2)
        // As before, for half a second on end.
        if (now.failures === 0 && now.p99 <= 2 * calm.p99 + 10) back = begun - over
      }
      const sorted = sheds.toSorted((a, b) => a - b)
      const shedP99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
      const answered = [...statuses.values()].reduce((sum, times) => sum + times, 0)
      const [taken, shed] = [statuses.get(200) ?? 0, statuses.get(429) ?? 0]
      return {
        done: `${width} connections that ask again at once whatever they are told, for ${seconds} s, to one replica on ${cores}: ${number(answered / seconds)} reviews/s, ${number(answered / seconds / perSecond, 1)} times what it can answer (of the 5 of the matrix: a client on the other core cannot ask for more)`,
        checks: [
          check(
            answered === taken + shed,
            [...statuses].map(([status, times]) => `${number(times)} x ${words.get(status) ?? status}`).join(', '),
          ),
          check(
            shed > 0 && (scale === 'quick' || shedP99 <= 50),
            `shed after ${number(shedP99, 1)} ms (p99), ${number(sorted.at(-1) ?? 0, 1)} ms at most`,
          ),
          check(taken >= (perSecond * seconds) / leastShare[scale], `${number(taken / seconds)}/s answered meanwhile`),
          check(most <= mostMemory[scale], `${number(most)} MiB resident at most, before ${number(before)}`),
          check(back <= 5000, `as before ${number(back / 1000, 1)} s after it`),
        ],
      }
    })
  },
}
