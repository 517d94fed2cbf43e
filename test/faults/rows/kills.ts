import {sidecar} from '../senders.ts'
import {list, workload} from '../../e2e/manifests.ts'
import {containerNames, settledPods} from '../../e2e/pods.ts'
import {failures} from '../count.ts'
import {during} from '../load.ts'
import {check, number, type Row} from '../row.ts'
import {outside, type Span} from '../span.ts'

const namespace = 'kills'
/** Milliseconds: 250 between two probes, 500 until nodes hear of it, and what a busy machine adds. */
const unnoticed = 1000

export const kills: Row = {
  number: 4,
  fault: 'kill -9 of one of two',
  bar: 'lost are only calls that the dead one had, or was sent before its endpoint went: none of them outside of the second after a kill; the controllers create their pods after all; p99 <= 3 s',
  isQuick: true,
  async run(bed, scale) {
    const [times, rate] = scale === 'full' ? [50, 50] : [4, 25]
    await bed.cluster.createNamespace(namespace)
    const before = bed.balancer.losses
    const load = bed.creating(rate)
    const dead: Span[] = []
    const [count] = await during([load], async () => {
      for (let kill = 0; kill < times; kill++) {
        const name = bed.replicas.names[kill % 2] ?? ''
        // Its controllers meet the moment of the kill too.
        const stdin = list([workload('Deployment', `during-${kill}`)])
        const applied = bed.cluster.kubectl(['apply', '-n', namespace, '-f', '-'], {stdin})
        const from = performance.now()
        dead.push({from, to: from + unnoticed})
        await bed.replicas.kill(name)
        await bed.replicas.revive(name)
        const {code, stderr} = await applied
        if (code !== 0) throw new Error(stderr)
      }
    })
    const after = bed.balancer.losses
    const [cut, refused] = [after.cut - before.cut, after.refused - before.refused]
    const pods = await settledPods(bed.cluster, namespace, times)
    const injected = pods.filter((pod) => containerNames(pod).init.includes(`${sidecar}*`)).length
    const lost = failures(count)
    const unexplained = outside(load.failed, dead).length
    return {
      done: `each in turn killed ${times} times and started again, ${rate} creates/s, endpoints up to 0.75 s late`,
      count,
      checks: [
        check(
          unexplained === 0 && lost <= cut + refused,
          `${lost} lost, ${unexplained} of them outside of the second after a kill; ${cut} connections cut while something was asked, ${refused} to the dead one`,
        ),
        check(injected === times, `${injected} of ${times} workloads have their pod, with a sidecar`),
        check(count.p99 <= 3000, `p99 ${number(count.p99, 1)} ms`),
      ],
    }
  },
}
