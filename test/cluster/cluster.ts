import {spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {mkdir, mkdtemp, readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {z} from 'zod'
import {ApiClient} from './api.ts'
import {ensureBinaries, type Binaries} from './binaries.ts'
import {
  apiServerArgs,
  controllerManagerArgs,
  etcdArgs,
  kwokArgs,
  layout,
  nodeManifest,
  schedulerArgs,
  writeFiles,
  type AuditLevel,
  type Layout,
  type Ports,
} from './control-plane.ts'
import {freePorts} from './ports.ts'
import {Supervisor, type Daemon} from './supervisor.ts'

export type ClusterOptions = {
  /** kwok nodes, each with room for 100,000 pods. Default 1. */
  readonly nodes?: number
  /** Writes every write request to `Cluster.auditLog`; at every level with the annotations of admission webhooks. */
  readonly audit?: AuditLevel
  /** Further flags of kube-apiserver, such as `--feature-gates=X=true`. */
  readonly apiServerArgs?: readonly string[]
  /** Where pods get their addresses from. Default `10.244.0.0/16`. */
  readonly podCidr?: string
  /** Where the logs go, to be kept; by default they are removed with the cluster. */
  readonly logDir?: string
}

export type CommandResult = {readonly stdout: string; readonly stderr: string; readonly code: number}

export type KubectlOptions = {
  /** What `-f -` reads. */
  readonly stdin?: string
  /** Instead of the administrator's: to act as somebody else. */
  readonly kubeconfig?: string
  /** Default 60,000. */
  readonly timeoutMs?: number
}

type Started = {
  readonly binaries: Binaries
  readonly supervisor: Supervisor
  readonly files: Layout
  readonly ports: Ports
  readonly url: string
  readonly token: string
  readonly options: ClusterOptions
}

const READY_MS = 60_000
const GRACE_MS = 15_000

/**
 * A real Kubernetes control plane on loopback, with RBAC, and kwok in the place of the kubelets: Deployments get their
 * pods, pods become Running with addresses, Jobs complete. No container runs.
 *
 * Everything ends with `stop`, or with the process that started it, however that ends.
 */
export class Cluster {
  /** `https://127.0.0.1:PORT`; the same after a restart of the API server. */
  readonly url: string
  /** PEM: the CA that signed the API server's certificate. */
  readonly caFile: string
  /** Bearer token of the user `admin`, group `system:masters`. */
  readonly token: string
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string
  /** One audit event a line, where `ClusterOptions.audit` is set. */
  readonly auditLog: string
  /** A folder for the tests' own files, removed with the cluster. */
  readonly dir: string
  readonly api: ApiClient

  readonly #started: Started
  #apiServer: Daemon

  /** Use `startCluster`. */
  constructor(started: Started, api: ApiClient, apiServer: Daemon) {
    this.url = started.url
    this.caFile = started.files.caFile
    this.token = started.token
    this.kubeconfig = started.files.kubeconfig
    this.auditLog = started.files.auditLog
    this.dir = started.files.scratch
    this.api = api
    this.#started = started
    this.#apiServer = apiServer
  }

  /** Runs kubectl. A non-zero exit code is an answer; only a program that cannot run or outlasts its time rejects. */
  async kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<CommandResult> {
    const {stdin = '', kubeconfig = this.kubeconfig, timeoutMs = 60_000} = options
    const {files, binaries} = this.#started
    const child = spawn(binaries.kubectl, args, {
      // With a home of its own kubectl reads and writes nothing of the user's: no cache, no kuberc.
      env: {PATH: process.env['PATH'], HOME: files.dir, KUBECONFIG: kubeconfig},
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const {promise: closed, resolve, reject} = Promise.withResolvers<number | null>()
    child.on('error', reject)
    child.on('close', resolve)
    // kubectl may end without reading: what it says counts, not the broken pipe.
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin)
    const [code, stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)])
    if (code === null) throw new Error(`kubectl ${args.join(' ')} did not end in ${timeoutMs / 1000} s:\n${stderr}`)
    return {stdout, stderr, code}
  }

  /** Creates a namespace and waits for its `default` ServiceAccount, without which no pod is admitted. */
  async createNamespace(
    name: string,
    metadata: {labels?: Readonly<Record<string, string>>; annotations?: Readonly<Record<string, string>>} = {},
  ): Promise<void> {
    const body = {apiVersion: 'v1', kind: 'Namespace', metadata: {...metadata, name}}
    const {status, body: answer} = await this.api.request('POST', '/api/v1/namespaces', body)
    if (status !== 201)
      throw new Error(`namespace ${name}: the API server answered ${status} ${JSON.stringify(answer)}`)
    await this.until(`the default ServiceAccount of namespace ${name}`, 30_000, () =>
      defaultServiceAccount(this.api, name),
    )
  }

  /**
   * Waits until `probe` answers with something other than undefined or false, and fails at once when a process of the
   * cluster has ended.
   *
   * @param what ends the sentence "waited 10 s for ..."
   */
  until<T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined | false>): Promise<T> {
    return this.#started.supervisor.until(what, timeoutMs, probe)
  }

  /**
   * Ends the API server and starts it again on the same port, with the same data and certificates; settles when it is
   * ready. Controllers, scheduler and kwok go on and reconnect.
   *
   * @param signal SIGTERM drains as an upgrade would; SIGKILL is a crash
   * @param whileDown what is done in between; it goes on being down until that settles
   */
  async restartApiServer(
    signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
    whileDown: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    // The port is free only when the process is gone.
    await this.#started.supervisor.end(this.#apiServer, signal, GRACE_MS)
    await whileDown()
    this.#apiServer = startApiServer(this.#started)
    await this.until('the API server to be ready again', READY_MS, () => isReady(this.api))
  }

  /** The file with everything a process printed. */
  logFile(name: 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok'): string {
    return this.#started.supervisor.logFile(name)
  }

  /** Ends every process and removes every file. May be called twice. */
  async stop(): Promise<void> {
    this.api.close()
    await this.#started.supervisor.stop()
  }
}

/**
 * Starts a cluster and settles when its nodes are ready and the `default` namespace takes pods: about 7 s on two cores.
 * Builds the programs first where they are not built (see `ensureBinaries`).
 *
 * @throws with the end of the log of the process that failed; nothing is left behind then
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const binaries = await ensureBinaries()
  const dir = await mkdtemp(join(tmpdir(), 'meshwright-cluster-'))
  const files = layout(dir)
  const logDir = options.logDir ?? join(dir, 'logs')
  const supervisor = new Supervisor(dir, logDir)
  try {
    await mkdir(logDir, {recursive: true})
    await mkdir(files.scratch)
    const [etcd, etcdPeer, apiServer] = await freePorts(3)
    if (etcd === undefined || etcdPeer === undefined || apiServer === undefined) throw new Error('no free ports')
    const url = `https://127.0.0.1:${apiServer}`
    const token = randomBytes(16).toString('hex')
    await writeFiles(files, url, token, options.audit)
    return await launch({binaries, supervisor, files, ports: {etcd, etcdPeer, apiServer}, url, token, options})
  } catch (error) {
    await supervisor.stop()
    throw error
  }
}

async function launch(started: Started): Promise<Cluster> {
  const {binaries, supervisor, files, ports, url, token, options} = started
  const wait = <T>(what: string, probe: () => Promise<T | undefined | false>) => supervisor.until(what, READY_MS, probe)

  supervisor.start('etcd', binaries.etcd, etcdArgs(files, ports))
  await wait('etcd to be ready', async () => (await fetch(`http://127.0.0.1:${ports.etcd}/readyz`)).ok)

  const apiServer = startApiServer(started)
  const ca = await wait('the certificate of the API server', () => certificate(files.caFile))
  const api = new ApiClient(url, ca, token)
  await wait('the API server to be ready', () => isReady(api))

  supervisor.start('kube-controller-manager', binaries.kubeControllerManager, controllerManagerArgs(files))
  supervisor.start('kube-scheduler', binaries.kubeScheduler, schedulerArgs(files))
  const nodes = options.nodes ?? 1
  const {gitVersion} = VERSION.parse((await api.request('GET', '/version')).body)
  for (let index = 1; index <= nodes; index++) {
    const {status, body} = await api.request('POST', '/api/v1/nodes', nodeManifest(index, gitVersion))
    if (status !== 201) throw new Error(`node ${index}: the API server answered ${status} ${JSON.stringify(body)}`)
  }
  supervisor.start('kwok', binaries.kwok, kwokArgs(files, options.podCidr ?? '10.244.0.0/16'))

  await wait(`${nodes} nodes to be ready`, async () => (await readyNodes(api)) === nodes)
  await wait('the default ServiceAccount', () => defaultServiceAccount(api, 'default'))
  return new Cluster(started, api, apiServer)
}

function startApiServer({supervisor, binaries, files, ports, options}: Started): Daemon {
  const args = [...apiServerArgs(files, ports, options.audit), ...(options.apiServerArgs ?? [])]
  return supervisor.start('kube-apiserver', binaries.kubeApiserver, args)
}

/** Undefined as long as the API server has not written all of it. */
async function certificate(file: string): Promise<string | undefined> {
  const pem = await readFile(file, 'utf8').catch(() => '')
  return pem.split('-----END CERTIFICATE-----').length === 3 ? pem : undefined
}

async function isReady(api: ApiClient): Promise<boolean> {
  return (await api.request('GET', '/readyz')).status === 200
}

async function defaultServiceAccount(api: ApiClient, namespace: string): Promise<boolean> {
  return (await api.request('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`)).status === 200
}

const VERSION = z.object({gitVersion: z.string()})

const NODES = z.object({
  items: z.array(
    z.object({
      spec: z.object({taints: z.array(z.unknown()).optional()}),
      status: z.object({conditions: z.array(z.object({type: z.string(), status: z.string()})).optional()}),
    }),
  ),
})

/** Nodes that take pods: Ready, and no longer tainted as not ready. */
async function readyNodes(api: ApiClient): Promise<number> {
  const {items} = NODES.parse((await api.request('GET', '/api/v1/nodes')).body)
  return items.filter(
    ({spec, status}) =>
      spec.taints === undefined && status.conditions?.some(({type, status}) => type === 'Ready' && status === 'True'),
  ).length
}
