/**
 * `make bench`, second part: the controller over 1,000 and 10,000 TrafficPolicies on as many services, spread over a
 * hundred namespaces, on a real API server that shares the machine. `--short`: 100 and 500.
 */
import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {startCluster, type Cluster} from '../test/cluster/cluster.ts'
import {crdsIn, installCrds} from '../test/e2e/crds.ts'
import {sharedFolder} from '../test/shared.ts'
import {cpuSeconds} from './process.ts'

const sizes = process.argv.includes('--short') ? [100, 500] : [1000, 10_000]
const changes = 20
const root = join(import.meta.dirname, '..')
const apply = 'application/apply-patch+yaml'

interface Row {
  readonly 'first convergence s': number
  readonly 'ms CPU per rule': number
  readonly 'writes per rule': number
  readonly 'no-op resync s CPU': number
  readonly 'its writes': number
  readonly 'one change ms (median)': number
  readonly 'one change ms (worst)': number
  readonly 'resident MiB (most)': number
  readonly 'restart s': number
}

async function measure(size: number, shared: string): Promise<Row> {
  const cluster = await startCluster()
  try {
    await installCrds(cluster, await crdsIn(join(shared, 'crds')))
    await installCrds(cluster, await crdsIn(join(root, 'manifests/crd')))
    const namespaces = Math.min(100, size / 10)
    await many(namespaces, (index) => create(cluster, '/api/v1/namespaces', namespaceOf(index)))
    await many(size, async (index) => {
      const namespace = `team-${index % namespaces}`
      await create(cluster, `/api/v1/namespaces/${namespace}/services`, serviceOf(index))
      await create(cluster, policies(namespace), policyOf(index, '5s'))
    })
    return await measured(cluster, size, namespaces)
  } finally {
    await cluster.stop()
  }
}

async function measured(cluster: Cluster, size: number, namespaces: number): Promise<Row> {
  let controller = await Process.start(cluster, ['--resync', '24h'])
  const begun = performance.now()
  await controller.idle(size)
  const converged = performance.now() - begun
  const cpu = controller.cpuSeconds()
  const writes = await controller.writes()

  // Everything is told, and every status written; now one rule after the other changes.
  const latencies: number[] = []
  for (let change = 0; change < changes; change++) {
    const index = Math.floor((change * size) / changes)
    const namespace = `team-${index % namespaces}`
    latencies.push(await changed(cluster, namespace, index, `${change + 6}s`))
  }
  await controller.idle(size)
  const most = await controller.mostResidentMiB()
  await controller.stop()

  // A new one knows nothing, looks through everything, and once more soon after.
  const restarted = performance.now()
  controller = await Process.start(cluster, ['--resync', '30s'])
  await controller.idle(size)
  const restart = performance.now() - restarted
  await sleep(1000)
  const [before, reconciles] = [await controller.writes(), await controller.reconciles()]
  const used = controller.cpuSeconds()
  while ((await controller.reconciles()) < reconciles + size) await sleep(50)
  const resync = controller.cpuSeconds() - used
  await sleep(1000)
  const after = await controller.writes()
  const restartedMost = await controller.mostResidentMiB()
  await controller.stop()
  latencies.sort((a, b) => a - b)
  return {
    'first convergence s': rounded(converged / 1000),
    'ms CPU per rule': rounded((cpu * 1000) / size, 2),
    'writes per rule': rounded(writes / size, 2),
    'no-op resync s CPU': rounded(resync),
    'its writes': after - before,
    'one change ms (median)': rounded(latencies[changes >> 1] ?? 0),
    'one change ms (worst)': rounded(latencies.at(-1) ?? 0),
    'resident MiB (most)': rounded(Math.max(most, restartedMost)),
    'restart s': rounded(restart / 1000),
  }
}

/** Milliseconds from the change of a rule until the mesh's own object says it. */
async function changed(cluster: Cluster, namespace: string, index: number, timeout: string): Promise<number> {
  const begun = performance.now()
  const path = `${policies(namespace)}/service-${index}?fieldManager=bench&force=true`
  await expectOk(await cluster.api.request('PATCH', path, policyOf(index, timeout), apply))
  const object = `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices/service-${index}`
  for (;;) {
    const {body} = await cluster.api.request('GET', object)
    if (JSON.stringify(body).includes(`"timeout":"${timeout}"`)) return performance.now() - begun
    if (performance.now() - begun > 60_000) throw new Error(`${object} does not become ${timeout}`)
    await sleep(5)
  }
}

class Process {
  readonly #child: ChildProcess
  #port = 0

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(cluster: Cluster, args: readonly string[]): Promise<Process> {
    const own = ['--kubeconfig', cluster.kubeconfig, '--namespace-for-lease', 'default', '--metrics-port', '0']
    const child = spawn(join(root, 'bin/meshwright'), ['controller', ...own, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const started = new Process(child)
    let log = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      started.#port ||= Number(/"metricsPort":(\d+)/.exec(log)?.[1] ?? 0)
    })
    while (started.#port === 0) {
      if (child.exitCode !== null) throw new Error(log)
      await sleep(10)
    }
    return started
  }

  /** Waits until every unit has been looked through and nothing has been written for a second. */
  async idle(units: number): Promise<void> {
    let [last, since] = [-1, performance.now()]
    while (performance.now() - since < 1000) {
      const [writes, reconciles, queued] = [
        await this.writes(),
        await this.reconciles(),
        await this.#metric('queue_length'),
      ]
      if (writes !== last || reconciles < units || queued > 0) since = performance.now()
      last = writes
      await sleep(100)
    }
  }

  reconciles(): Promise<number> {
    return this.#metric('reconciles_total')
  }

  /** All but those of the lease. */
  async writes(): Promise<number> {
    const text = await this.#metrics()
    const counts = [...text.matchAll(/^meshwright_controller_writes_total\{verb="\w+",kind="([\w/]+)"\} (\d+)$/gm)]
    return counts.filter(([, kind]) => kind !== 'Lease').reduce((sum, [, , count]) => sum + Number(count), 0)
  }

  /** In user and kernel, since it was started. */
  cpuSeconds(): number {
    return cpuSeconds(this.#child.pid ?? 0)
  }

  async mostResidentMiB(): Promise<number> {
    const text = await readFile(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1024
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }

  async #metric(name: string): Promise<number> {
    const found = new RegExp(`^meshwright_controller_${name} (\\d+)$`, 'm').exec(await this.#metrics())
    return Number(found?.[1] ?? 0)
  }

  async #metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text()
  }
}

function policies(namespace: string): string {
  return `/apis/meshwright.dev/v1alpha1/namespaces/${namespace}/trafficpolicies`
}

function namespaceOf(index: number): object {
  return {apiVersion: 'v1', kind: 'Namespace', metadata: {name: `team-${index}`}}
}

function serviceOf(index: number): object {
  const spec = {selector: {app: `service-${index}`}, ports: [{name: 'http', port: 80, targetPort: 8080}]}
  return {apiVersion: 'v1', kind: 'Service', metadata: {name: `service-${index}`}, spec}
}

function policyOf(index: number, timeout: string): object {
  return {
    apiVersion: 'meshwright.dev/v1alpha1',
    kind: 'TrafficPolicy',
    metadata: {name: `service-${index}`},
    spec: {
      service: `service-${index}`,
      timeout,
      retries: {attempts: 3, perTryTimeout: '1s'},
      circuitBreaker: {threshold: 5, timeout: '30s', recovery: '60s'},
    },
  }
}

async function create(cluster: Cluster, path: string, object: object): Promise<void> {
  await expectOk(await cluster.api.request('POST', path, object))
}

async function expectOk({status, body}: {status: number; body: unknown}): Promise<void> {
  if (status > 201) throw new Error(`the API server answered ${status} ${JSON.stringify(body)}`)
}

/** Some at a time. */
async function many(count: number, make: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await make(next++)
  }
  await Promise.all(Array.from({length: 16}, worker))
}

function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits))
}

const shared = sharedFolder()
if (shared === undefined) {
  process.stdout.write("rules are not measured: ../shared, which holds the meshes' CRDs, is not there\n")
} else {
  const rows: Record<string, Row> = {}
  for (const size of sizes) {
    rows[`${size} rules`] = await measure(size, shared)
    // Each as soon as it is known: the next takes minutes.
    console.table(rows)
  }
}
