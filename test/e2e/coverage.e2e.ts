import {spawn, type ChildProcessWithoutNullStreams} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {accountKubeconfig} from '../cluster/account.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {program, root} from './command.ts'
import {list, pod, workload} from './manifests.ts'
import {settledPods} from './pods.ts'
import {Webhook} from './webhook.ts'

// "Why was this pod not injected?", asked of a cluster: some workloads are older than the configuration.

let cluster: Cluster
let webhook: Webhook

async function apply(...objects: readonly object[]): Promise<void> {
  await kubectl(['apply', '--server-side', '-n', 'shop', '-f', '-'], list(objects))
}

async function kubectl(args: readonly string[], stdin = ''): Promise<void> {
  const {code, stderr} = await cluster.kubectl(args, {stdin})
  if (code !== 0) throw new Error(stderr)
}

const environment = () => ({...process.env, KUBECONFIG: cluster.kubeconfig})

const run = (...args: readonly string[]) => ran(spawn(program, args, {env: environment()}))

async function ran(child: ChildProcessWithoutNullStreams) {
  child.stdin.end()
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return {code: child.exitCode, stdout, stderr}
}

beforeAll(async () => {
  cluster = await startCluster()
  await cluster.createNamespace('meshwright-system')
  for (const file of ['manifests/rbac/webhook.yaml', 'manifests/crd/meshconfigs.yaml']) {
    await kubectl(['apply', '-f', '-'], await readFile(join(root, file), 'utf8'))
  }
  await kubectl(['wait', '--for=condition=Established', 'crd/meshconfigs.meshwright.dev'])
  const spec = {mesh: {autoInject: true, injectionNamespace: 'shop'}}
  await kubectl(
    ['apply', '-f', '-'],
    list([{apiVersion: 'meshwright.dev/v1alpha1', kind: 'MeshConfig', metadata: {name: 'default'}, spec}]),
  )
  await cluster.createNamespace('shop')
  await apply(workload('Deployment', 'order-service', 2), pod({name: 'bare-older'}))
  await settledPods(cluster, 'shop', 3)

  const kubeconfig = await accountKubeconfig(cluster, 'meshwright-system', 'meshwright-webhook')
  webhook = await Webhook.startInCluster(cluster, kubeconfig)
  await cluster.until('readiness', 20_000, async () => (await webhook.readiness()) === 200)
  await webhook.register('Fail')
  const out = {labels: {'meshwright.dev/inject': 'disabled'}}
  await apply(workload('Deployment', 'newer', 2), workload('StatefulSet', 'ledger'), pod({name: 'bare'}))
  await apply(pod({name: 'out', ...out}))
  await kubectl(['create', 'job', '-n', 'shop', 'once', '--image=registry.example/once:1'])
  await cluster.createNamespace('elsewhere')
  await kubectl(['create', '-n', 'elsewhere', '-f', '-'], JSON.stringify(workload('DaemonSet', 'agent')))
  await settledPods(cluster, 'shop', 9)
})

afterAll(async () => {
  await webhook?.end('SIGTERM')
  await cluster?.stop()
})

describe('check-inject of a cluster', () => {
  test('says of every workload what its next pod gets, and what those that run have', async () => {
    const {code, stdout, stderr} = await run('check-inject', '-n', 'shop')
    expect(stdout).toMatch(/^NAMESPACE +WORKLOAD +INJECTED +PODS +CODE +REASON\n/)
    const rows = stdout.split('\n').slice(1, -1)
    expect(rows.map((row) => row.split(/ {3,}/).slice(1, 5))).toEqual([
      ['deployment/newer', 'yes', '2/2', 'MW1005'],
      ['deployment/order-service', 'yes', '0/2', 'MW1005'],
      ['job/once', 'yes', '0/0', 'MW1005'],
      ['pod/bare', 'yes', '1/1', 'MW1005'],
      ['pod/bare-older', 'yes', '0/1', 'MW1005'],
      ['pod/out', 'no', '0/1', 'MW1104'],
      ['statefulset/ledger', 'yes', '1/1', 'MW1005'],
    ])
    expect(stderr).toContain('‼ 6 of 7 workloads are injected, 1 are not, 0 refused')
    expect(stderr).toContain(
      '‼ 3 running pods are older than that and have no sidecar; restart shop deployment/order-service, shop pod/bare-older',
    )
    expect(code).toBe(0)
  })

  test('looks through every namespace, or for one workload, or by labels', async () => {
    const names = async (...args: readonly string[]) =>
      (await run('check-inject', ...args, '-o', 'name')).stdout.trim().split('\n')
    expect(await names('-A')).toContain('daemonset/agent')
    expect(await names('order-service', '-n', 'shop')).toEqual(['deployment/order-service'])
    expect(await names('-n', 'shop', '-l', 'meshwright.dev/inject=disabled')).toEqual(['pod/out'])
    const {code, stderr} = await run('check-inject', 'nobody', '-n', 'shop')
    expect({code, stderr: stderr.split('\n').at(-2)}).toEqual({
      code: 1,
      stderr: 'meshwright: there is no workload nobody in that namespace',
    })
  })

  test('takes the configuration that is in force there, and no other', async () => {
    expect(await run('check-inject', '-A', '--mesh', 'linkerd')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--mesh goes with -f'),
    })
  })
})

describe('explain of a cluster', () => {
  test('gives every step, the setting with its place, and the pods', async () => {
    const {code, stdout} = await run('explain', 'deployment/order-service', '-n', 'shop')
    expect(stdout).toMatch(/^deployment\/order-service in namespace shop, istio: injected\n {2}MW1005 /)
    expect(stdout).toContain('0 of 2 that run have the sidecar')
    expect(stdout).toMatch(/mesh\.injectionNamespace: .*shop.* MeshConfig default/)
    expect(code).toBe(0)
  })

  test('explains a pod that runs with its sidecar as it was before', async () => {
    const {stdout} = await run('explain', 'pod/bare', '-n', 'shop', '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject([
      {name: 'pod/bare', decision: 'injected', code: 'MW1005', pods: {running: 1, covered: 1}},
    ])
  })
})

test('the commands of docs/injection.md that ask a cluster work as they stand', async () => {
  const page = await readFile(join(root, 'docs/injection.md'), 'utf8')
  const blocks = [...page.matchAll(/^```sh cluster\n(.*?)^```$/gms)]
  const commands = blocks.flatMap(([, block = '']) => block.trim().split('\n'))
  expect(commands.length).toBeGreaterThan(1)
  for (const command of commands) {
    const {code, stdout, stderr} = await ran(spawn('sh', ['-ec', command], {cwd: root, env: environment()}))
    expect({code, stderr: code === 0 ? '' : stderr}, command).toEqual({code: 0, stderr: ''})
    expect(stdout).toContain('order-service')
  }
})
