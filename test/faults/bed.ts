import {X509Certificate} from 'node:crypto'
import {mkdir, mkdtemp, readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileNames} from '../../src/certs/folder.ts'
import {accountKubeconfig} from '../cluster/account.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {root} from '../e2e/command.ts'
import {ownNamespace} from '../e2e/controller.ts'
import {crdsIn, installCrds} from '../e2e/crds.ts'
import {list} from '../e2e/manifests.ts'
import {Registration} from '../e2e/registration.ts'
import {meshConfig} from '../e2e/rule-cluster.ts'
import {Authorities} from './authorities.ts'
import {Balancer} from './balancer.ts'
import {Load} from './load.ts'
import {Mounts} from './mounts.ts'
import {Replicas} from './replicas.ts'
import {creates, posts} from './senders.ts'

/** Where loads create their pods. */
export const loadNamespace = 'load'

/** What every row is tried on: a real API server, and replicas of the webhook behind one address, which it calls. */
export class Bed {
  readonly cluster: Cluster
  readonly balancer: Balancer
  readonly replicas: Replicas
  readonly mounts: Mounts
  readonly authorities: Authorities
  readonly registration: Registration

  private constructor(
    cluster: Cluster,
    balancer: Balancer,
    parts: {replicas: Replicas; mounts: Mounts; authorities: Authorities},
  ) {
    this.cluster = cluster
    this.balancer = balancer
    this.replicas = parts.replicas
    this.mounts = parts.mounts
    this.authorities = parts.authorities
    this.registration = new Registration(cluster, `https://127.0.0.1:${balancer.port}/mutate`)
  }

  static async start(): Promise<Bed> {
    const cluster = await startCluster()
    const balancer = await Balancer.start()
    try {
      await installCrds(cluster, await crdsIn(join(root, 'manifests/crd')))
      await cluster.createNamespace(ownNamespace)
      await cluster.createNamespace(loadNamespace)
      for (const rights of ['webhook', 'controller']) {
        await applied(cluster, await readFile(join(root, `manifests/rbac/${rights}.yaml`), 'utf8'))
      }
      await applied(cluster, list([meshConfig({mesh: {type: 'istio', autoInject: true}})]))
      const kubeconfig = await accountKubeconfig(cluster, ownNamespace, 'meshwright-webhook')
      const authorities = await Authorities.start()
      const dir = await mkdtemp(join(tmpdir(), 'meshwright-faults-'))
      await mkdir(join(dir, 'mounts'))
      const mounts = new Mounts(join(dir, 'mounts'), await authorities.pair())
      const replicas = new Replicas(dir, balancer, mounts, ['--kubeconfig', kubeconfig])
      return new Bed(cluster, balancer, {replicas, mounts, authorities})
    } catch (error) {
      balancer.close()
      await cluster.stop()
      throw error
    }
  }

  /** As every row finds it, whatever the one before has left. */
  async settle(replicas = 2): Promise<void> {
    await this.replicas.scale(replicas)
    await this.renewLeaf()
    await this.register()
  }

  /** Another leaf for everybody; resolves when every replica serves it. */
  async renewLeaf(): Promise<void> {
    await this.authorities.renew(this.mounts)
    await this.served()
  }

  /** Resolves when every replica serves the certificate that the Secret holds. */
  async served(): Promise<void> {
    const {serialNumber} = new X509Certificate(this.mounts.texts[fileNames.cert] ?? '')
    await this.cluster.until('every replica to serve the new certificate', 30_000, async () => {
      const serials = await Promise.all(this.replicas.names.map((name) => this.replicas.servedSerial(name)))
      return serials.every((serial) => serial === serialNumber)
    })
  }

  /** What the API server trusts from now on, over new connections. */
  register(): Promise<void> {
    return this.registration.apply('Fail', this.authorities.bundle)
  }

  /** Creates pods through the API server. */
  creating(perSecond: number): Load {
    return new Load(perSecond, creates(this.cluster, loadNamespace))
  }

  /** Posts reviews to the balancer, each over a connection of its own. */
  posting(perSecond: number): Load {
    const trusted = () => this.authorities.bundle
    return new Load(perSecond, posts({port: this.balancer.port, trusted, isFresh: true}))
  }

  async stop(): Promise<void> {
    this.balancer.close()
    await this.replicas.stop()
    await this.cluster.stop()
  }
}

async function applied(cluster: Cluster, manifests: string): Promise<void> {
  const {code, stderr} = await cluster.kubectl(['apply', '-f', '-'], {stdin: manifests})
  if (code !== 0) throw new Error(stderr)
}
