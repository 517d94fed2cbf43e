import {afterAll, beforeAll, expect, test} from 'vitest'
import {z} from 'zod'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {meshwright} from './command.ts'
import {podsIn} from './pods.ts'

// Where the real scheduler puts three replicas that must not share a node.

const own = 'meshwright-system'
const webhook = 'app.kubernetes.io/component=webhook'
const PLACED = z.looseObject({spec: z.looseObject({nodeName: z.string().optional()})})
const NODE = z.looseObject({metadata: z.looseObject({labels: z.record(z.string(), z.string())})})

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({nodes: 3})
  await cluster.kubectl(['delete', 'node', 'node-2', 'node-3'])
  await meshwright(['install', '--ha', '--no-wait', '--kubeconfig', cluster.kubeconfig])
})
afterAll(() => cluster.stop())

/** The node of each replica; '' where it has none. */
async function places(): Promise<readonly string[]> {
  const pods = (await podsIn(cluster, own, webhook)).filter(({metadata}) => metadata['deletionTimestamp'] === undefined)
  return pods.map((pod) => PLACED.parse(pod).spec.nodeName ?? '').sort()
}

test('on one node one replica runs, and the others wait for nodes of their own', async () => {
  await cluster.until('one replica to be placed', 30_000, async () => {
    const there = await places()
    return there.length === 3 && there.includes('node-1')
  })
  // The scheduler has judged all of them.
  await cluster.until('two replicas to be refused', 30_000, async () => {
    const {stdout} = await cluster.kubectl(['get', 'pods', '-n', own, '-l', webhook, '-o', 'json'])
    return stdout.match(/"reason": "Unschedulable"/g)?.length === 2
  })
  expect(await places()).toEqual(['', '', 'node-1'])
})

test('on three nodes each has its own, and so it stays through a rollout', async () => {
  const {body} = await cluster.api.request('GET', '/api/v1/nodes/node-1')
  const {metadata, ...node} = NODE.parse(body)
  for (const name of ['node-2', 'node-3']) {
    const labels = {...metadata.labels, 'kubernetes.io/hostname': name}
    const annotations = metadata['annotations']
    const {status} = await cluster.api.request('POST', '/api/v1/nodes', {
      ...node,
      metadata: {name, labels, annotations},
    })
    expect(status).toBe(201)
  }
  const three = ['node-1', 'node-2', 'node-3']
  const apart = () => cluster.until('a node for each', 60_000, async () => (await places()).join() === three.join())
  await apart()
  await cluster.kubectl(['rollout', 'restart', 'deployment/meshwright-webhook', '-n', own])
  await cluster.kubectl(['rollout', 'status', 'deployment/meshwright-webhook', '-n', own, '--timeout=60s'])
  await apart()
})
