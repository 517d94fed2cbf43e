import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {distinct, isValid, type Trusted} from './bundle.ts'
import {plan, type AuthorityChange, type LeafState, type Observation, type Plan, type ServedState} from './rotation.ts'

const day = 86_400_000
const margins = {settle: 30_000, propagation: 600_000}
const born = Date.UTC(2026, 0, 1)

function authority(name: string, notBefore = born, days = 365): Trusted {
  return {pem: `${name}\n`, fingerprint: name, notBefore, notAfter: notBefore + days * day}
}

const [a, b] = [authority('a'), authority('b')]
const leaf = (issuer: Trusted, more: Partial<LeafState> = {}): LeafState => ({
  issuer: issuer.fingerprint,
  notBefore: born,
  notAfter: born + 7 * day,
  named: true,
  authorities: [issuer],
  requested: false,
  unchangedFor: 0,
  ...more,
})
const none: LeafState = {
  problem: 'there is none',
  notBefore: 0,
  notAfter: 0,
  named: false,
  authorities: [],
  requested: false,
  unchangedFor: 0,
}
const served = (trusted: readonly Trusted[], unchangedFor = margins.settle): ServedState => ({
  registered: true,
  trusted,
  uniform: true,
  unchangedFor,
})
const nobody = {verified: 0, refused: 0, unreachable: 0, allFor: 0}
const state = (signer: Trusted | undefined, bundle: readonly Trusted[], next?: Trusted) => ({
  ...(signer !== undefined && {signer}),
  ...(next !== undefined && {next}),
  bundle,
  damaged: false,
  requested: false,
})
const steady: Observation = {
  now: born + day,
  authority: state(a, [a]),
  leaf: leaf(a),
  served: served([a]),
  replicas: nobody,
}
const step = (more: Partial<Observation>): Plan => plan({...steady, ...more}, margins)

describe('the next step', () => {
  test('is none where everything is as it should be', () => {
    expect(step({})).toEqual({phase: 'steady'})
  })

  test('is an authority that signs at once where there is nothing at all', () => {
    const {authority: _, ...nothing} = steady
    expect(plan({...nothing, leaf: none, served: served([])}, margins).authority).toEqual({
      why: 'first',
      signer: 'new',
      next: undefined,
      old: [],
    })
  })

  test('is an authority that is announced first where somebody may be served by one that is lost', () => {
    const {authority: _, ...lost} = steady
    const expected = {why: 'lost', signer: undefined, next: 'new', old: [a]}
    expect(plan(lost, margins).authority).toEqual(expected)
    expect(plan({...lost, leaf: none}, margins).authority).toEqual(expected)
  })

  test.each([
    ['two thirds of its life are over', {now: born + 4.7 * day}, true],
    ['two thirds are not quite over', {now: born + 4.6 * day}, false],
    ['it has expired, for the machine slept', {now: born + 100 * day}, true],
    ['it is not valid yet, for a clock was set back', {leaf: leaf(a, {notBefore: born + 2 * day})}, true],
    ['it is for other names', {leaf: leaf(a, {named: false})}, true],
    ['it was asked for', {leaf: leaf(a, {requested: true})}, true],
    ['it cannot be used', {leaf: {...none, problem: 'tls.key does not belong to tls.crt'}}, true],
  ] as const)('is another certificate by the same authority: %s', (_, more, isIssued) => {
    expect(step(more).leaf !== undefined).toBe(isIssued)
    expect(step(more).authority).toBeUndefined()
  })

  test.each([
    [
      'two thirds of its life are over',
      {now: born + 244 * day, leaf: leaf(a, {notBefore: born + 243 * day, notAfter: born + 250 * day})},
      'due',
    ],
    ['it was asked for', {authority: {...state(a, [a]), requested: true}}, 'requested'],
  ] as const)('is another authority beside the one that signs: %s', (_, more, why) => {
    expect(step(more).authority).toEqual({why, signer: a, next: 'new', old: []})
  })

  test('is an authority that signs at once where the only one is not valid, for nobody trusts that', () => {
    for (const now of [born + 366 * day, born - day]) {
      expect(step({now, served: served([a])}).authority).toEqual({
        why: 'invalid',
        signer: 'new',
        next: undefined,
        old: [],
      })
    }
  })

  test('waits until the API server has had both for long enough, and all of its webhooks', () => {
    const announced = {authority: state(a, [b, a], b)}
    expect(step({...announced, served: served([a])})).toEqual({phase: 'announcing'})
    expect(step({...announced, served: served([b, a], margins.settle - 1)})).toEqual({phase: 'announcing'})
    expect(step({...announced, served: {...served([b, a]), uniform: false}})).toEqual({phase: 'announcing'})
    expect(step({...announced, served: served([a, b])}).authority).toEqual({
      why: 'trusted',
      signer: b,
      next: undefined,
      old: [a],
    })
  })

  test('meanwhile renews by the old one, as long as that takes', () => {
    const announced = {authority: state(a, [b, a], b), served: served([a])}
    expect(step({...announced, now: born + 5 * day}).leaf).toBeDefined()
  })

  test('is a certificate of the new authority, and the old one goes when every replica serves it', () => {
    const both = {authority: state(b, [b, a]), served: served([b, a])}
    expect(step(both)).toMatchObject({phase: 'issuing', leaf: 'it was signed by another authority'})
    expect(step({...both, served: served([b, a], 0)}).leaf).toBeUndefined()
    const issued = {...both, leaf: leaf(b)}
    const retire: AuthorityChange = {why: 'retired', signer: b, next: undefined, old: []}
    const all = {verified: 3, refused: 0, unreachable: 0, allFor: margins.settle}
    expect(step({...issued, replicas: all}).authority).toEqual(retire)
    expect(step({...issued, replicas: {...all, allFor: 0}})).toEqual({phase: 'retiring'})
    expect(step({...issued, replicas: {...all, unreachable: 1}})).toEqual({phase: 'retiring'})
    const late = {...issued, leaf: leaf(b, {unchangedFor: margins.propagation})}
    expect(step({...late, replicas: {...all, unreachable: 1}}).authority).toEqual(retire)
    expect(step({...late, replicas: nobody}).authority).toEqual(retire)
    expect(step({...late, replicas: {...all, refused: 1}})).toEqual({phase: 'retiring'})
  })

  test('begins a second rotation only when the first is over', () => {
    const asked = {...state(b, [b, a]), requested: true}
    expect(step({authority: asked, leaf: leaf(b), served: served([b, a])})).toEqual({phase: 'retiring'})
  })

  test('takes back into the bundle whoever signed what is served: an old Secret was restored', () => {
    expect(step({leaf: leaf(b)}).authority).toEqual({why: 'damaged', signer: a, next: undefined, old: [b, a]})
  })

  test('asks nobody who is not registered to trust anything', () => {
    const away = {registered: false, trusted: [], uniform: true, unchangedFor: margins.settle}
    expect(step({authority: state(a, [b, a], b), served: away}).authority).toMatchObject({signer: b})
  })
})

/**
 * A cluster in which everything takes its time: two API servers go by a registration within the settling time, replicas get
 * a Secret within the propagation time, and a controller may be killed before or after each of its writes, and forgets all.
 */
class Simulation {
  now = born
  made = 0
  secret: {signer: Trusted | undefined; next: Trusted | undefined; bundle: readonly Trusted[]} | undefined
  leaf: {issuer: Trusted; notBefore: number; notAfter: number} | undefined
  bundle: readonly Trusted[] = []
  requests = 0
  heeded = 0
  /** Until then there is nothing to keep. */
  isInstalled = false
  readonly servers: (readonly Trusted[])[] = [[], []]
  readonly replicas: (Trusted | undefined)[] = [undefined, undefined, undefined]
  readonly #versions: number[] = []
  #registered = 0
  readonly #pending: {at: number; run: () => void}[] = []
  readonly #since = new Map<string, {state: string; at: number}>()
  readonly #delay: (most: number) => number

  constructor(delay: (most: number) => number) {
    this.#delay = delay
  }

  crash(): void {
    this.#since.clear()
  }

  /** @returns whether anything was written; `dies` before or after the first write */
  act(dies?: 'before' | 'after'): boolean {
    const wanted = this.#plan()
    const writes: (() => void)[] = []
    const isSure = this.secret !== undefined && !['first', 'lost', 'damaged'].includes(wanted.authority?.why ?? '')
    const {bundle = []} = this.secret ?? {}
    if (isSure && names(bundle) !== names(this.bundle)) writes.push(() => this.#register(bundle))
    const {authority: change} = wanted
    const {signer} = this.secret ?? {}
    if (change !== undefined) writes.push(() => this.#write(change))
    else if (wanted.leaf !== undefined && signer !== undefined) writes.push(() => this.#issue(signer))
    for (const write of writes) {
      if (dies === 'before') break
      write()
      if (dies === 'after') break
    }
    if (dies !== undefined) this.crash()
    return writes.length > 0
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    for (;;) {
      const [due] = this.#pending.filter(({at}) => at <= end).toSorted((x, y) => x.at - y.at)
      if (due === undefined) break
      this.#pending.splice(this.#pending.indexOf(due), 1)
      this.now = Math.max(this.now, due.at)
      due.run()
      this.#check()
    }
    this.now = end
    this.#check()
  }

  /** Every API server trusts what every replica serves. */
  #check(): void {
    for (const issuer of this.isInstalled ? this.replicas : []) {
      if (issuer === undefined) continue
      const isTrusted = this.servers.every((trusted) => includes(trusted, issuer) && isValid(issuer, this.now))
      if (!isTrusted)
        throw new Error(`${issuer.fingerprint} is served, and trusted are ${this.servers.map(names).join(', ')}`)
    }
  }

  get isSteady(): boolean {
    const {signer, next, bundle = []} = this.secret ?? {}
    const all = [...this.servers.flat(), ...this.replicas]
    return (
      signer !== undefined &&
      next === undefined &&
      bundle.length === 1 &&
      all.every((one) => one?.fingerprint === signer.fingerprint) &&
      this.requests === this.heeded
    )
  }

  #plan(): Plan {
    const {secret, leaf, now} = this
    const unchangedFor = (matter: string, state: string) => {
      const seen = this.#since.get(matter)
      if (seen?.state === state) return now - seen.at
      this.#since.set(matter, {state, at: now})
      return 0
    }
    const {signer} = secret ?? {}
    const verified = this.replicas.filter((one) => one !== undefined && one.fingerprint === signer?.fingerprint).length
    const refused = this.replicas.filter((one) => one !== undefined).length - verified
    const isAll = verified > 0 && refused === 0
    const allFor = unchangedFor('replicas', isAll ? (signer?.fingerprint ?? '') : '')
    const held = unchangedFor('leaf', JSON.stringify(leaf ?? ''))
    const isUsable = leaf !== undefined && isValid(leaf, now)
    return plan(
      {
        now,
        ...(secret !== undefined && {
          authority: {
            ...(secret.signer !== undefined && {signer: secret.signer}),
            ...(secret.next !== undefined && {next: secret.next}),
            bundle: secret.bundle,
            damaged: false,
            requested: this.requests > this.heeded,
          },
        }),
        leaf: {
          ...(!isUsable && {problem: 'not usable'}),
          ...(leaf !== undefined && {issuer: leaf.issuer.fingerprint}),
          notBefore: leaf?.notBefore ?? 0,
          notAfter: leaf?.notAfter ?? 0,
          named: true,
          authorities: leaf === undefined ? [] : [leaf.issuer],
          requested: false,
          unchangedFor: held,
        },
        served: {
          registered: true,
          trusted: this.bundle,
          uniform: true,
          unchangedFor: unchangedFor('served', names(this.bundle)),
        },
        replicas: {verified, refused, unreachable: 0, allFor: isAll ? allFor : 0},
      },
      margins,
    )
  }

  #write({signer, next, old}: AuthorityChange): void {
    const made = authority(`ca-${++this.made}`, this.now - 300_000)
    const choose = (chosen: AuthorityChange['signer']) => (chosen === 'new' ? made : chosen)
    const [first, second] = [choose(next), choose(signer)]
    const there = [first, second].filter((one) => one !== undefined)
    this.secret = {signer: second, next: first, bundle: distinct([...there, ...old])}
    if (signer === 'new' || next === 'new') this.heeded = this.requests
  }

  #register(bundle: readonly Trusted[]): void {
    this.bundle = bundle
    const version = ++this.#registered
    for (const index of this.servers.keys()) {
      this.#later(this.#delay(margins.settle), () => {
        // A watch tells of changes in their order.
        if ((this.#versions[index] ?? 0) > version) return
        this.#versions[index] = version
        this.servers[index] = bundle
      })
    }
  }

  #issue(issuer: Trusted): void {
    const issued = {issuer, notBefore: this.now - 300_000, notAfter: this.now + 7 * day}
    this.leaf = issued
    for (const index of this.replicas.keys()) {
      // Some take longer than anybody thought; they can be asked.
      this.#later(this.#delay(margins.propagation * 3), () => {
        // A kubelet mounts what the Secret is then.
        if (this.leaf !== undefined) this.replicas[index] = this.leaf.issuer
      })
    }
  }

  #later(milliseconds: number, run: () => void): void {
    this.#pending.push({at: this.now + milliseconds, run})
  }
}

const names = (all: readonly Trusted[]) =>
  all
    .map(({fingerprint}) => fingerprint)
    .sort()
    .join('+')
const includes = (all: readonly Trusted[], one: Trusted) => all.some(({fingerprint}) => fingerprint === one.fingerprint)

const action = fc.oneof(
  {weight: 6, arbitrary: fc.record({do: fc.constant('act' as const), wait: fc.nat({max: 60_000})})},
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('die before' as const, 'die after' as const),
      wait: fc.nat({max: 60_000}),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('rotate' as const, 'lose authority' as const, 'lose certificate' as const),
      wait: fc.nat({max: 60_000}),
    }),
  },
  {weight: 1, arbitrary: fc.record({do: fc.constant('sleep' as const), wait: fc.nat({max: 3 * day})})},
)

describe('wherever a controller is killed, and whatever is asked for or lost meanwhile', () => {
  test(
    'the bundle vouches for every certificate that is served, and in the end everything is in its place',
    {timeout: 60_000},
    () => {
      fc.assert(
        fc.property(
          fc.array(action, {minLength: 20, maxLength: 200}),
          fc.infiniteStream(fc.nat({max: 999})),
          (actions, random) => {
            const draws = random[Symbol.iterator]()
            const delay = (most: number) => Math.floor(((draws.next().value ?? 0) / 1000) * most)
            const world = new Simulation(delay)
            const settle = (looks: number) => {
              for (let i = 0; i < looks; i++) {
                world.act()
                world.pass(10_000)
              }
              if (!world.isSteady) throw new Error('not everything is in its place in the end')
            }
            settle(500)
            world.isInstalled = true
            for (const {do: what, wait} of actions) {
              if (what === 'rotate') world.requests++
              else if (what === 'lose authority') world.secret = undefined
              else if (what === 'lose certificate') world.leaf = undefined
              else if (what === 'die before') world.act('before')
              else if (what === 'die after') world.act('after')
              else world.act()
              world.pass(wait)
            }
            settle(1500)
          },
        ),
        {numRuns: 100},
      )
    },
  )
})
