import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {copyFile, mkdir, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import type {Cluster} from '../cluster/cluster.ts'
import {root} from './command.ts'
import type {PodHosts} from './pod-hosts.ts'
import {Mount} from './replica.ts'

const POD = z.looseObject({
  metadata: z.looseObject({name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional()}),
  spec: z.looseObject({
    serviceAccountName: z.string(),
    restartPolicy: z.enum(['Always', 'Never']),
    securityContext: z.looseObject({
      runAsNonRoot: z.literal(true),
      runAsUser: z.number(),
      runAsGroup: z.number(),
      fsGroup: z.number().optional(),
    }),
    containers: z.tuple([
      z.looseObject({
        name: z.string(),
        args: z.array(z.string()),
        env: z.array(z.looseObject({name: z.string(), value: z.string()})).default([]),
        securityContext: z.looseObject({
          readOnlyRootFilesystem: z.literal(true),
          capabilities: z.object({drop: z.tuple([z.literal('ALL')])}),
        }),
        volumeMounts: z.array(z.looseObject({name: z.string(), mountPath: z.string()})),
      }),
    ]),
    volumes: z.array(
      z.looseObject({
        name: z.string(),
        secret: z.looseObject({secretName: z.string(), defaultMode: z.number().default(0o644)}).optional(),
        configMap: z.looseObject({name: z.string()}).optional(),
      }),
    ),
  }),
  status: z.looseObject({podIP: z.string().optional()}).optional(),
})
type OwnPod = z.infer<typeof POD>

interface Running {
  readonly pod: OwnPod
  readonly child: ChildProcess
  readonly host: string
  readonly mounts: readonly Mount[]
  log: string
}

/**
 * Plays the kubelet for the pods of Meshwright's namespace, which kwok only says to run: each is a process in a host with the pod's
 * address, with the arguments, the environment, the volumes and the ServiceAccount that its pod names, as its user, without
 * a capability and on a read-only file system.
 */
export class OwnPods {
  readonly #cluster: Cluster
  readonly #namespace: string
  readonly #hosts: PodHosts
  readonly #running = new Map<string, Running>()
  readonly #ending = new Set<Promise<void>>()
  readonly #loop: Promise<void>
  #stopped = false
  #failure: unknown

  constructor(cluster: Cluster, namespace: string, hosts: PodHosts) {
    this.#cluster = cluster
    this.#namespace = namespace
    this.#hosts = hosts
    this.#loop = this.#run()
  }

  /** Everything that the processes of a component have said. */
  log(component: 'webhook' | 'controller'): string {
    if (this.#failure !== undefined) throw this.#failure
    return [...this.#running.values()]
      .filter(({pod}) => pod.spec.containers[0].name === component)
      .map(({log}) => log)
      .join('')
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#loop
    for (const uid of this.#running.keys()) this.#end(uid)
    await Promise.all(this.#ending)
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#sync()
      } catch (error) {
        this.#failure ??= error
      }
      await sleep(100)
    }
  }

  async #sync(): Promise<void> {
    const {status, body} = await this.#cluster.api.request('GET', `/api/v1/namespaces/${this.#namespace}/pods`)
    if (status !== 200) return
    const {items} = z.object({items: z.array(POD)}).parse(body)
    const wanted = items.filter(
      ({metadata, status: pod}) => metadata.deletionTimestamp === undefined && pod?.podIP !== undefined,
    )
    const uids = new Set(wanted.map(({metadata}) => metadata.uid))
    for (const uid of this.#running.keys()) if (!uids.has(uid)) this.#end(uid)
    for (const pod of wanted) if (!this.#running.has(pod.metadata.uid)) await this.#start(pod)
  }

  async #start(pod: OwnPod): Promise<void> {
    const {spec, metadata} = pod
    const [container] = spec.containers
    const folder = join(this.#cluster.dir, `pod-${metadata.uid}`)
    const mounts: Mount[] = []
    const binds: string[] = []
    for (const {name, mountPath} of container.volumeMounts) {
      // The ServiceAccount's, which every pod gets: written below.
      if (name.startsWith('kube-api-access-')) continue
      const volume = spec.volumes.find((each) => each.name === name)
      const dir = join(folder, name)
      if (volume?.secret !== undefined) {
        const {secretName, defaultMode: mode} = volume.secret
        // A pod waits for its Secret.
        if (!(await this.#exists(`secrets/${secretName}`))) return
        mounts.push(
          new Mount(this.#cluster, dir, this.#namespace, secretName, {mode, group: spec.securityContext.fsGroup}),
        )
        await this.#cluster.until('the Secret to be mounted', 10_000, () => holds(dir, 'tls.crt'))
      } else if (volume?.configMap !== undefined) await this.#writeConfigMap(volume.configMap.name, dir)
      else throw new Error(`${metadata.name}: nobody plays the volume ${name}`)
      binds.push(`mkdir -p ${mountPath}; mount --bind ${dir} ${mountPath}`)
    }
    await this.#writeAccount(spec.serviceAccountName, join(folder, 'account'))
    const host = await this.#hosts.add(pod.status?.podIP ?? '')
    const env = [
      ['PATH', process.env['PATH'] ?? ''],
      ['KUBERNETES_SERVICE_HOST', this.#hosts.apiServer],
      ['KUBERNETES_SERVICE_PORT', '443'],
      ['HOSTNAME', metadata.name],
      ...container.env.map(({name, value}) => [name, value]),
    ].map(([name, value]) => `${name}=${value}`)
    const account = '/var/run/secrets/kubernetes.io/serviceaccount'
    const script = [
      'set -e',
      'mount --make-rprivate /',
      // Of its own: /etc for the volumes, /var/run for the account, and nothing of the machine's.
      `kept=$(mktemp -d ${folder}/etc.XXXX); cp -L /etc/resolv.conf /etc/hosts /etc/passwd /etc/nsswitch.conf $kept 2>/dev/null || true`,
      'mount -t tmpfs tmpfs /etc; cp $kept/* /etc',
      'mount -t tmpfs tmpfs "$(readlink -f /var/run)"',
      `mkdir -p ${account} /var/run/program; mount --bind ${folder}/account ${account}; mount --bind ${root} /var/run/program`,
      ...binds,
      'mount -o remount,bind,ro /; mount -o remount,ro /etc',
      'cd /',
      `exec setpriv --reuid ${spec.securityContext.runAsUser} --regid ${spec.securityContext.runAsGroup} --clear-groups ` +
        `--no-new-privs --bounding-set=-all --inh-caps=-all env -i "$@"`,
    ].join('\n')
    const command = ['sh', '-c', script, 'pod', ...env, '/var/run/program/bin/meshwright', ...container.args]
    const child = spawn('ip', ['netns', 'exec', host, 'unshare', '--mount', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const running: Running = {pod, child, host, mounts, log: ''}
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        running.log += chunk.toString()
      })
    }
    child.on('exit', (code) => {
      if (code !== 0 && code !== null)
        this.#failure ??= new Error(`${metadata.name} ended with ${code}:\n${running.log}`)
      if (spec.restartPolicy === 'Never') void this.#completed(metadata.name, code === 0 ? 'Succeeded' : 'Failed')
    })
    this.#running.set(metadata.uid, running)
  }

  /** As when its pod is deleted: it has the time that its pod gives it. */
  #end(uid: string): void {
    const running = this.#running.get(uid)
    if (running === undefined) return
    this.#running.delete(uid)
    const {child, host, mounts} = running
    const ending = (async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await Promise.all(mounts.map((mount) => mount.close()))
      await this.#hosts.remove(host)
    })()
    this.#ending.add(ending)
  }

  async #completed(name: string, phase: 'Succeeded' | 'Failed'): Promise<void> {
    const path = `/api/v1/namespaces/${this.#namespace}/pods/${name}/status`
    const {status} = await this.#cluster.api.request('PATCH', path, {status: {phase}}, 'application/merge-patch+json')
    if (status !== 200) this.#failure ??= new Error(`the status of ${name} was not taken: ${status}`)
  }

  async #exists(path: string): Promise<boolean> {
    return (await this.#cluster.api.request('GET', `/api/v1/namespaces/${this.#namespace}/${path}`)).status === 200
  }

  async #writeConfigMap(name: string, dir: string): Promise<void> {
    const path = `/api/v1/namespaces/${this.#namespace}/configmaps/${name}`
    const {body} = await this.#cluster.api.request('GET', path)
    const {data} = z.looseObject({data: z.record(z.string(), z.string())}).parse(body)
    await mkdir(dir, {recursive: true})
    for (const [file, text] of Object.entries(data)) await writeFile(join(dir, file), text)
  }

  async #writeAccount(name: string, dir: string): Promise<void> {
    const args = ['create', 'token', name, '-n', this.#namespace, '--duration', '2h']
    const {code, stdout, stderr} = await this.#cluster.kubectl(args)
    if (code !== 0) throw new Error(stderr)
    await mkdir(dir, {recursive: true})
    await writeFile(join(dir, 'token'), stdout.trim())
    await writeFile(join(dir, 'namespace'), this.#namespace)
    await copyFile(this.#cluster.caFile, join(dir, 'ca.crt'))
  }
}

async function holds(dir: string, file: string): Promise<boolean> {
  return (await readdir(dir).catch((): string[] => [])).includes(file)
}
