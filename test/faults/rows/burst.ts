import {z} from 'zod'
import {list, workload} from '../../e2e/manifests.ts'
import {containerNames, podsIn} from '../../e2e/pods.ts'
import {check, number, type Row} from '../row.ts'
import {sidecar} from '../senders.ts'

const namespace = 'burst'
const DEPLOYMENTS = z.object({
  items: z.array(z.object({status: z.object({replicas: z.number().default(0)})})),
})
/** Half of the registration's timeoutSeconds. */
const longest = 2.5

export const burst: Row = {
  number: 3,
  fault: 'burst of pods',
  bar: '0 to 2,000 pods: all with a sidecar, no call longer than half of timeoutSeconds',
  isQuick: true,
  async run(bed, scale) {
    const {cluster} = bed
    const [deployments, replicas] = scale === 'full' ? [20, 100] : [10, 20]
    const wanted = deployments * replicas
    await cluster.createNamespace(namespace)
    const workloads = Array.from({length: deployments}, (_, index) =>
      workload('Deployment', `burst-${index}`, replicas),
    )
    const before = await calls(bed.cluster.api)
    const begun = performance.now()
    const {code, stderr} = await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], {stdin: list(workloads)})
    if (code !== 0) throw new Error(stderr)
    await cluster.until(`${wanted} pods`, 300_000, async () => {
      const {body} = await cluster.api.request('GET', `/apis/apps/v1/namespaces/${namespace}/deployments`)
      return DEPLOYMENTS.parse(body).items.reduce((sum, {status}) => sum + status.replicas, 0) === wanted
    })
    const seconds = (performance.now() - begun) / 1000
    const after = await calls(bed.cluster.api)
    const pods = await podsIn(cluster, namespace)
    const injected = pods.filter((pod) => containerNames(pod).init.includes(`${sidecar}*`)).length
    await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false'])
    const [all, quick] = [after.all - before.all, after.quick - before.quick]
    return {
      done: `${deployments} Deployments of ${replicas} at once; all pods were there after ${number(seconds)} s`,
      checks: [
        check(injected === wanted, `${number(injected)} of ${number(wanted)} with a sidecar`),
        check(all === quick && all >= wanted, `${number(quick)} of ${number(all)} calls took less than ${longest} s`),
      ],
    }
  },
}

/** What the API server counted of its calls: all, and those within `longest`. */
async function calls(api: {request(method: 'GET', path: string): Promise<{body: unknown}>}) {
  const text = String((await api.request('GET', '/metrics')).body)
  const name = 'apiserver_admission_webhook_admission_duration_seconds_bucket'
  const sum = (bound: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && line.includes('"inject.meshwright.dev"'))
      .filter((line) => line.includes(`le="${bound}"`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0)
  return {all: sum('+Inf'), quick: sum(String(longest))}
}
