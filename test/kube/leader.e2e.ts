import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {afterAll, afterEach, beforeAll, expect, test} from 'vitest'
import {z} from 'zod'
import type {KubeApi} from '../../src/kube/api.ts'
import {systemClock} from '../../src/kube/clock.ts'
import {FencedError, NotFoundError} from '../../src/kube/errors.ts'
import {Election, leases, type LeaseOptions, type Term} from '../../src/kube/leader.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {accessTo, configMap, configMaps} from './access.ts'
import {Proxy} from './proxy.ts'

let cluster: Cluster
let api: KubeApi
const candidates: Candidate[] = []

beforeAll(async () => {
  cluster = await startCluster({audit: 'Request'})
  api = await accessTo(cluster)
})

afterEach(async () => {
  for (const candidate of candidates.splice(0)) {
    candidate.child.kill('SIGKILL')
    await candidate.gone
  }
  await api.delete(leases, {namespace: 'default', name: 'election'}).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error
  })
})

afterAll(async () => {
  await api.close()
  await cluster.stop()
})

class Candidate {
  readonly identity: string
  readonly child: ChildProcess
  readonly said: string[] = []
  readonly gone: Promise<unknown>

  constructor(identity: string, duration = 1_000) {
    this.identity = identity
    this.child = spawn(process.execPath, [join(import.meta.dirname, 'candidate.ts'), identity, String(duration)], {
      env: {...process.env, KUBECONFIG: cluster.kubeconfig},
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.gone = once(this.child, 'close')
    if (this.child.stdout !== null) createInterface(this.child.stdout).on('line', (line) => this.said.push(line))
    candidates.push(this)
  }

  times(line: string): number {
    return this.said.filter((one) => one === line).length
  }

  get isLeading(): boolean {
    return this.times('leads') > this.times('ended')
  }

  async sees(other: Candidate): Promise<void> {
    await cluster.until(`${this.identity} to stand`, 20_000, async () => this.times(`sees ${other.identity}`) > 0)
  }

  async leads(times = 1): Promise<number> {
    await cluster.until(`${this.identity} to lead`, 20_000, async () => this.times('leads') >= times)
    return performance.now()
  }
}

const auditSchema = z.object({
  verb: z.string(),
  requestURI: z.string(),
  requestReceivedTimestamp: z.string(),
  responseStatus: z.object({code: z.number()}).optional(),
  objectRef: z.object({resource: z.string(), name: z.string().optional()}).optional(),
  requestObject: z
    .looseObject({
      spec: z.looseObject({holderIdentity: z.string().nullish()}).optional(),
      data: z.looseObject({begun: z.string().optional()}).optional(),
    })
    .optional(),
})

interface Deed {
  readonly what: 'holds' | 'writes'
  readonly who: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** When the writer set about it, likewise. */
  readonly begun?: number
}

/** What the API server saw, in the order of its arrival: who took or gave up the lease, and who wrote. */
async function history(): Promise<Deed[]> {
  const lines = (await readFile(cluster.auditLog, 'utf8')).split('\n').filter((line) => line !== '')
  return lines
    .map((line) => auditSchema.parse(JSON.parse(line)))
    .filter(({responseStatus}) => (responseStatus?.code ?? 500) < 300)
    .toSorted((a, b) => (a.requestReceivedTimestamp < b.requestReceivedTimestamp ? -1 : 1))
    .flatMap(({objectRef, requestURI, requestObject, requestReceivedTimestamp}): Deed[] => {
      const at = Date.parse(requestReceivedTimestamp)
      if (objectRef?.name === 'election' && requestObject?.spec !== undefined) {
        return [{what: 'holds', who: requestObject.spec.holderIdentity ?? '', at}]
      }
      if (objectRef?.name !== 'written') return []
      const who = new URL(requestURI, cluster.url).searchParams.get('fieldManager') ?? ''
      return [{what: 'writes', who, at, begun: Number(requestObject?.data?.begun)}]
    })
}

/**
 * Nobody sets about a write but the one who holds the lease, and everyone who was expected to has written.
 *
 * @param frozen how often a process was stopped: what had passed its fence by then and was not on the wire yet it sends when
 * it goes on, and no process can know of it; there is one such write at a time
 */
async function expectOneWriterAtATime(writers: readonly string[], frozen = 0): Promise<void> {
  let [holder, since, late] = ['', 0, 0]
  const wrote = new Set<string>()
  const trespasses: string[] = []
  for (const {what, who, at, begun = Number.NaN} of await history()) {
    if (what === 'holds') {
      if (who !== holder) [holder, since] = [who, at]
    } else if (writers.includes(who)) {
      wrote.add(who)
      if (who === holder) continue
      if (begun < since) late++
      else trespasses.push(`${who} sets about writing while ${holder} holds the lease`)
    }
  }
  expect(trespasses).toEqual([])
  expect(late).toBeLessThanOrEqual(frozen)
  expect([...wrote].toSorted()).toEqual(writers.toSorted())
}

test('the other takes over when the leader is killed', async () => {
  // A busy machine stands still for longer than the shortest lease, which then changes hands by right.
  const duration = 3_000
  const first = new Candidate('killed-1', duration)
  await first.leads()
  const second = new Candidate('killed-2', duration)
  await second.sees(first)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(second.times('leads')).toBe(0)
  const killed = performance.now()
  first.child.kill('SIGKILL')
  expect((await second.leads()) - killed).toBeLessThan(duration + 2_000)
  await expectOneWriterAtATime(['killed-1', 'killed-2'])
})

test('a leader that was stopped and goes on writes nothing after the other took over', async () => {
  const first = new Candidate('stopped-1')
  await first.leads()
  const second = new Candidate('stopped-2')
  await second.sees(first)
  const both = [first, second]
  // On a busy machine the lease may change hands by itself: what counts is who was stopped while it led.
  let [frozen, stopped] = [0, 0]
  while (stopped < 4) {
    // Long enough for the other to have seen a renewal.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const leader = await cluster.until('one to lead', 20_000, async () => both.find(({isLeading}) => isLeading))
    const other = leader === first ? second : first
    leader.child.kill('SIGSTOP')
    frozen++
    await cluster.until(`${other.identity} to lead`, 20_000, async () => other.isLeading)
    await new Promise((resolve) => setTimeout(resolve, 300))
    if (leader.isLeading) stopped++
    leader.child.kill('SIGCONT')
    await cluster.until('it to see that its term is over', 20_000, async () => !leader.isLeading || !other.isLeading)
  }
  await expectOneWriterAtATime(['stopped-1', 'stopped-2'], frozen)
})

test('a leader that ends gives the lease up, so that the other need not wait for it', async () => {
  const first = new Candidate('gentle-1')
  await first.leads()
  const second = new Candidate('gentle-2')
  await second.sees(first)
  first.child.kill('SIGTERM')
  await first.gone
  expect(first.child.exitCode).toBe(0)
  expect(first.said.slice(-2)).toEqual(['ended', 'sees '])
  await second.leads()
  const held = (await history()).filter(({what}) => what === 'holds')
  const given = held.findLastIndex(({who}) => who === '')
  expect(held[given - 1]?.who).toBe('gentle-1')
  expect(held[given + 1]?.who).toBe('gentle-2')
  // It looks every sixth of a second, where waiting for the lease to end would take one.
  expect((held[given + 1]?.at ?? Infinity) - (held[given]?.at ?? 0)).toBeLessThan(700)
  await expectOneWriterAtATime(['gentle-1', 'gentle-2'])
})

function standing(over: KubeApi, options: Partial<LeaseOptions> = {}) {
  const terms: Term[] = []
  const troubles: unknown[] = []
  const election = new Election(over, {
    namespace: 'default',
    name: 'election',
    identity: 'here',
    duration: 1_000,
    onTrouble: (error) => troubles.push(error),
    ...options,
  })
  const running = election.run(async (term) => {
    terms.push(term)
    await new Promise((resolve) => term.signal.addEventListener('abort', resolve))
  })
  return {terms, troubles, election, running}
}

test('a leader that cannot renew stops before another may begin, and begins again when it can', async () => {
  const proxy = await Proxy.before(cluster.url)
  const near = await accessTo(cluster, {}, (kubeconfig) => kubeconfig.replaceAll(cluster.url, proxy.url))
  const {terms, troubles, election, running} = standing(near)
  await cluster.until('the first term', 5_000, async () => terms.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(terms[0]?.holds()).toBe(true)
  const cut = performance.now()
  proxy.refuse(true)
  await cluster.until('its end', 5_000, async () => terms[0]?.signal.aborted)
  expect(performance.now() - cut).toBeLessThan(1_000)
  expect(terms[0]?.holds()).toBe(false)
  expect(troubles.length).toBeGreaterThan(0)
  proxy.refuse(false)
  await cluster.until('the second term', 10_000, async () => terms.length === 2)
  await election.stop()
  await running
  await near.close()
  await proxy.close()
})

test('a machine that was suspended knows by its wall clock that the lease is lost, before any timer', async () => {
  let suspended = 0
  const clock = {...systemClock, now: () => Date.now() + suspended}
  const {terms, election, running} = standing(api, {clock, duration: 10_000})
  await cluster.until('the term', 5_000, async () => terms.length === 1)
  const [term] = terms
  expect(term?.holds()).toBe(true)
  suspended = 8_000
  expect(term?.holds()).toBe(false)
  const written = api
    .fenced(term ?? {holds: () => true})
    .apply(configMaps, configMap('default', 'suspended'), {fieldManager: 'us'})
  await expect(written).rejects.toThrow(FencedError)
  await election.stop()
  await running
})

test('a term that its leader ends is given up, and what its leader throws ends the election', async () => {
  const options = {namespace: 'default', name: 'election', identity: 'faulty', duration: 1_000}
  const election = new Election(api, options)
  await expect(election.run(() => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault')
  const lease = await api.get(leases, {namespace: 'default', name: 'election'})
  expect(lease['spec']).not.toHaveProperty('holderIdentity')
})

test.each([
  {duration: 1_500},
  {duration: 500},
  {duration: 2_000, renewWithin: 2_000},
  {duration: 2_000, renewWithin: 1_000, retry: 1_000},
])('durations without a margin are refused: %j', (durations) => {
  expect(() => new Election(api, {namespace: 'default', name: 'x', identity: 'y', ...durations})).toThrow(RangeError)
})
