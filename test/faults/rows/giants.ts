import {once} from 'node:events'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {Worker} from 'node:worker_threads'
import type {Count} from '../count.ts'
import {DAMAGE, type Attack} from '../attack.ts'
import {HighWater} from '../high-water.ts'
import {giantReviews} from '../../hostile/giants.ts'
import {Load} from '../load.ts'
import {check, nothingLost, number, type Row} from '../row.ts'
import {posts} from '../senders.ts'

const limit = 7 * 1024 * 1024
/** Of a server; a slow one stays for five seconds at most. */
const mostConnections = 640

export const giants: Row = {
  number: 16,
  fault: 'giant bodies, slow clients',
  bar: '413, or 429 where many come at once; memory <= +128 MiB; others 0 lost, p99 at most twice as long or 25 ms',
  isQuick: true,
  async run(bed, scale) {
    const [sockets, stream, calmSeconds, rounds] = scale === 'full' ? [5000, 1024, 20, 3] : [500, 128, 4, 1]
    const [name = ''] = bed.replicas.names
    const port = bed.replicas.portOf(name)
    const ca = bed.authorities.bundle
    const load = () => new Load(50, posts({port, trusted: () => ca}))
    const warm = load()
    await sleep(3000)
    await warm.stop()
    const calm = load()
    await sleep(calmSeconds * 1000)
    const quiet = await calm.stop()
    const before = bed.replicas.residentMiB(name)
    const memory = new HighWater(bed.replicas, name)

    const stormy = load()
    const attack: Attack = {
      port,
      ca,
      announced: Array.from({length: 20}, () => limit + 1),
      streamed: [...Array.from({length: 4}, () => limit + 1), stream * 1024 * 1024],
      rounds,
      slow: sockets,
    }
    const attacker = new Worker(join(import.meta.dirname, '../giants.worker.ts'), {workerData: attack})
    const [told]: unknown[] = await once(attacker, 'message')
    const {statuses, codes, slow} = DAMAGE.parse(told)
    await sleep(3000)
    const count = await stormy.stop()
    await attacker.terminate()
    const most = memory.stop()
    const times = (status: number) => statuses.filter((each) => each === status).length
    const [injected, refused] = ['MW1005', 'MW2012'].map((code) => codes.filter((each) => each === code).length)
    const errors = slow.errors.length === 0 ? '' : ` (${slow.errors.slice(0, 3).join('; ')})`
    return {
      done: `24 bodies of 7 MiB and a byte, one of ${number(stream)} MiB, ${codes.length} reviews of up to 7 MiB, ${number(sockets)} connections that send half a header; meanwhile 50 reviews/s to the same replica`,
      count,
      checks: [
        check(
          times(413) + times(429) === statuses.length,
          `of ${statuses.length} ${times(413)} answered 413, ${times(429)} answered 429, ${times(408)} answered 408, ${times(0)} not answered`,
        ),
        check(
          injected === rounds * giantReviews.below.length && refused === rounds * giantReviews.beyond.length,
          `of ${codes.length} reviews ${injected} injected, ${refused} refused for their size`,
        ),
        check(
          slow.opened === sockets && slow.held >= Math.min(sockets, mostConnections) / 2,
          `${number(slow.opened)} slow connections opened${errors}, up to ${number(slow.held)} of them at a time`,
        ),
        check(most - before <= 128, `${number(most - before)} MiB more than ${number(before)} MiB at most`),
        nothingLost(count),
        check(isNear(count, quiet, scale), `p99 ${number(count.p99, 1)} ms, before ${number(quiet.p99, 1)} ms`),
      ],
    }
  },
}

/** Twice as long; below 25 ms, what else the machine does is most of it. */
function isNear(count: Count, quiet: Count, scale: string): boolean {
  return scale === 'quick' || count.p99 <= Math.max(2 * quiet.p99, 25)
}
