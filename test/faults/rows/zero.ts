import {ownNamespace} from '../../e2e/controller.ts'
import {list, workload} from '../../e2e/manifests.ts'
import {containerNames, podsIn, settledPods} from '../../e2e/pods.ts'
import {check, number, type Row} from '../row.ts'
import {sidecar} from '../senders.ts'

const namespace = 'waiting'
/** Seconds. */
const longest = 120

export const zero: Row = {
  number: 19,
  fault: 'no replica at all, then a restart of the control plane',
  bar: 'pods of kube-system and of the webhook itself start unaided <= 2 min; others as soon as it is back',
  isQuick: true,
  async run(bed) {
    const {cluster} = bed
    await cluster.createNamespace(namespace)
    await bed.replicas.scale(0)
    await cluster.restartApiServer('SIGKILL')
    const begun = performance.now()
    const apply = async (where: string, ...objects: readonly object[]) => {
      const {code, stderr} = await cluster.kubectl(['apply', '-n', where, '-f', '-'], {stdin: list(objects)})
      if (code !== 0) throw new Error(stderr)
    }
    await apply('kube-system', workload('DaemonSet', 'node-agent'), workload('Deployment', 'dns', 2))
    await apply(ownNamespace, workload('Deployment', 'meshwright-webhook', 2))
    await apply(namespace, workload('Deployment', 'shop', 3))
    // Controllers ask again for what they watch after up to a minute without an API server.
    const system = await settledPods(cluster, 'kube-system', 3, '', longest * 1000)
    const own = await settledPods(cluster, ownNamespace, 2, '', longest * 1000)
    const started = (performance.now() - begun) / 1000
    const refused = (await podsIn(cluster, namespace)).length
    const back = performance.now()
    await bed.replicas.scale(2)
    const pods = await settledPods(cluster, namespace, 3)
    const waited = (performance.now() - back) / 1000
    const injected = pods.filter((pod) => containerNames(pod).init.includes(`${sidecar}*`)).length
    await cluster.kubectl(['delete', 'deployment,daemonset', '--all', '-n', 'kube-system'])
    await cluster.kubectl(['delete', 'deployment', '--all', '-n', ownNamespace])
    return {
      done: 'all replicas ended, the API server killed and started, workloads applied in kube-system, in the own namespace and in another one; then two replicas',
      checks: [
        check(
          started <= longest,
          `${system.length} pods of kube-system and ${own.length} of the webhook after ${number(started, 1)} s`,
        ),
        check(refused === 0, `${refused} pods elsewhere without it`),
        check(injected === 3, `${injected} of 3 with a sidecar ${number(waited, 1)} s after it was started`),
      ],
    }
  },
}
