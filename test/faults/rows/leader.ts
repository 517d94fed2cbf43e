import {readFile} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import {startCluster, type Cluster} from '../../cluster/cluster.ts'
import {controllerKubeconfig, ControllerProcess, installController} from '../../e2e/controller.ts'
import {installCrds, type Crd} from '../../e2e/crds.ts'
import {settledPods} from '../../e2e/pods.ts'
import {kindNamed, meshConfig, rule, RuleCluster, service} from '../../e2e/rule-cluster.ts'
import {check, number, type Row} from '../row.ts'

/** The mesh's own kind, without its schema: what matters here is who writes it. */
const virtualServices: Crd = {
  kind: 'CustomResourceDefinition',
  apiVersion: 'apiextensions.k8s.io/v1',
  metadata: {name: 'virtualservices.networking.istio.io'},
  spec: {
    group: 'networking.istio.io',
    names: {kind: 'VirtualService', plural: 'virtualservices'},
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {openAPIV3Schema: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
      },
    ],
  },
}
const credential = 'authentication.kubernetes.io/credential-id'
const EVENT = z.object({
  requestReceivedTimestamp: z.string(),
  user: z.object({extra: z.record(z.string(), z.array(z.string())).default({})}),
  responseStatus: z.object({code: z.number()}),
})

export const leader: Row = {
  number: 12,
  fault: 'the leading controller dies or hangs',
  bar: 'another leads <= 20 s after kill -9 or SIGSTOP, <= 5 s after SIGTERM; the old one writes nothing any more',
  isQuick: false,
  async run(_bed, scale) {
    const times = scale === 'full' ? 3 : 1
    const cluster = await startCluster({audit: 'Metadata'})
    try {
      await installController(cluster)
      await installCrds(cluster, [virtualServices])
      await cluster.createNamespace('shop')
      const rules = new Rules(cluster)
      await rules.begin()
      const took = {killed: 0, stopped: 0, released: 0}
      let late = 0
      for (let time = 0; time < times; time++) {
        took.killed = Math.max(took.killed, await succession(cluster, rules, (old) => old.end('SIGKILL')))
        took.released = Math.max(took.released, await succession(cluster, rules, (old) => old.end('SIGTERM')))
        let mark = ''
        const one = await succession(
          cluster,
          rules,
          async (old) => old.signal('SIGSTOP'),
          async (old) => {
            mark = new Date().toISOString()
            old.signal('SIGCONT')
            await rules.change()
            await sleep(3000)
          },
        )
        took.stopped = Math.max(took.stopped, one)
        late += await rules.writesOf(rules.first, mark)
      }
      return {
        done: `two controllers with leases of 15 s, ${times} times each: kill -9, SIGTERM, and SIGSTOP until the other one led`,
        checks: [
          check(took.killed <= 20_000, `killed: ${number(took.killed / 1000, 1)} s at most until the other one led`),
          check(took.stopped <= 20_000, `stopped: ${number(took.stopped / 1000, 1)} s`),
          check(took.released <= 5000, `told to end: ${number(took.released / 1000, 1)} s`),
          check(late === 0, `${late} writes by one that went on after its lease`),
        ],
      }
    } finally {
      await cluster.stop()
    }
  },
}

/** Milliseconds from what is done to the one that leads until what is changed then is written by the other. */
async function succession(
  cluster: Cluster,
  rules: Rules,
  strike: (old: ControllerProcess) => Promise<unknown>,
  afterwards: (old: ControllerProcess) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const kubeconfigs = [await controllerKubeconfig(cluster), await controllerKubeconfig(cluster)]
  const [first, second] = kubeconfigs.map(
    (kubeconfig) => () => ControllerProcess.start(cluster, kubeconfig, ['--lease-duration', '15s']),
  )
  if (first === undefined || second === undefined) throw new Error('no controllers')
  rules.first = await credentialOf(kubeconfigs[0] ?? '')
  const old = first()
  await old.leads()
  const next = second()
  try {
    await cluster.until('the other one to be ready', 30_000, async () => (await next.ask('/readyz')).status === 200)
    await rules.change()
    const begun = performance.now()
    await strike(old)
    await rules.change()
    const took = performance.now() - begun
    await afterwards(old)
    return took
  } finally {
    old.signal('SIGCONT')
    await old.end('SIGKILL')
    await next.end('SIGTERM')
  }
}

/** One rule that changes, and who wrote what became of it. */
class Rules {
  /** The credential of the one that led first. */
  first = ''
  readonly #cluster: Cluster
  readonly #rules: RuleCluster
  #seconds = 1

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#rules = new RuleCluster(cluster)
  }

  async begin(): Promise<void> {
    await this.#rules.apply(...service('shop', 'order-service'), meshConfig({mesh: {type: 'istio'}}))
    await settledPods(this.#cluster, 'shop', 1)
  }

  /** Resolves when the mesh's object says what is said now. */
  async change(): Promise<void> {
    const timeout = `${++this.#seconds}s`
    await this.#rules.apply(rule('TrafficPolicy', 'shop', 'order-service', {service: 'order-service', timeout}))
    const kind = kindNamed('networking.istio.io/v1', 'VirtualService')
    await this.#cluster.until(`a timeout of ${timeout}`, 60_000, async () =>
      JSON.stringify(await this.#rules.get(kind, 'shop', 'order-service'))?.includes(`"${timeout}"`),
    )
  }

  /** How much the API server took from that credential since then. */
  async writesOf(id: string, since: string): Promise<number> {
    const lines = (await readFile(this.#cluster.auditLog, 'utf8')).split('\n').slice(0, -1)
    const events = lines.map((line) => EVENT.parse(JSON.parse(line)))
    const own = events.filter(({user}) => user.extra[credential]?.includes(id) === true)
    if (own.length === 0) throw new Error(`nothing was ever written by ${id}`)
    return own.filter(
      ({requestReceivedTimestamp, responseStatus}) => requestReceivedTimestamp > since && responseStatus.code < 300,
    ).length
  }
}

const KUBECONFIG = z.object({users: z.array(z.object({user: z.object({token: z.string()})}))})
const CLAIMS = z.object({jti: z.string()})

/** As the API server names the token in its audit log. */
async function credentialOf(kubeconfig: string): Promise<string> {
  const [user] = KUBECONFIG.parse(JSON.parse(await readFile(kubeconfig, 'utf8'))).users
  const claims = Buffer.from(user?.user.token.split('.')[1] ?? '', 'base64url').toString()
  return `JTI=${CLAIMS.parse(JSON.parse(claims)).jti}`
}
