import {isDeepStrictEqual} from 'node:util'
import {pause, type Clock} from '../kube/clock.ts'
import {MeshClosedError, MeshError, MeshRuleError} from './errors.ts'
import type {Call, Fragment} from './fragment.ts'
import type {Applied, AppliedOptions, Handle} from './handle.ts'
import {beside} from './precedence.ts'
import type {RuleStore} from './rules.ts'

/** What one call last said of one object, and how far that has come. */
class Entry {
  readonly fragment: Fragment
  readonly accepted = Promise.withResolvers<void>()
  readonly gone = Promise.withResolvers<void>()
  /** Aborted when it is not wanted any more. */
  readonly stop = new AbortController()
  /** What the store was given. */
  written: Fragment | undefined

  constructor(fragment: Fragment) {
    this.fragment = fragment
    // Whoever does not wait for these is told by the registrar's `fail`.
    this.accepted.promise.catch(() => {})
    this.gone.promise.catch(() => {})
  }

  end(reason: MeshError): void {
    this.stop.abort(reason)
    this.accepted.reject(reason)
  }
}

/** An object that this process has a say in. */
interface Subject {
  /** What each call said last. */
  readonly entries: Map<Call, Entry>
  /** What is not wanted any more, and may still be in the store. */
  readonly leaving: Set<Entry>
  /** Settles when what was asked for so far has been done; never rejects. */
  work: Promise<void>
  /** Something was asked for, and nothing done about it yet. */
  isDue: boolean
}

/** Milliseconds before a write is tried again: doubled with each, up to the second. */
const [firstPause, longestPause] = [500, 30_000]
/** What must not be missing before the next one comes. */
const order: readonly Call[] = ['register', 'split', 'canary', 'circuit-breaker']

/**
 * Brings rules to where they are kept: what is said in one go at once, one after the other of each object, and again as
 * long as the store cannot be reached.
 */
export class Registrar {
  readonly #store: RuleStore
  readonly #clock: Clock
  readonly #fail: (error: unknown) => void
  readonly #subjects = new Map<string, Subject>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #closing = new AbortController()

  /** @param fail told of each failure, since nobody may be waiting for it */
  constructor(store: RuleStore, clock: Clock, fail: (error: unknown) => void) {
    this.#store = store
    this.#clock = clock
    this.#fail = fail
  }

  /** The fragment takes the place of what the same call said of the object before. @throws MeshClosedError */
  register(fragment: Fragment): Handle {
    this.#throwIfClosed()
    const subject = this.#subjectOf(fragment)
    const entry = new Entry(fragment)
    const known = subject.entries.get(fragment.call)
    known?.end(new MeshRuleError('a later call has taken the place of this rule'))
    // Under the same name it is overwritten.
    if (known?.fragment.manager === fragment.manager) known.gone.resolve()
    else if (known !== undefined) subject.leaving.add(known)
    subject.entries.set(fragment.call, entry)
    this.#schedule(subject)
    return {
      accepted: () => entry.accepted.promise,
      applied: (options) => leftAlone(this.#applied(subject, entry, options)),
      dispose: () => leftAlone(this.#dispose(subject, entry)),
    }
  }

  /** Takes back what the fragment's manager has said of the object, in this process or in another. */
  async remove(fragment: Fragment): Promise<void> {
    this.#throwIfClosed()
    const subject = this.#subjectOf(fragment)
    const entry = subject.entries.get(fragment.call) ?? new Entry(fragment)
    subject.entries.set(fragment.call, entry)
    await this.#dispose(subject, entry)
  }

  /** Resolves when all that was said so far has been taken. @throws MeshError the first of what was not */
  async ready(): Promise<void> {
    this.#throwIfClosed()
    const entries = [...this.#subjects.values()].flatMap(({entries}) => [...entries.values()])
    await Promise.all(entries.map(({accepted}) => accepted.promise))
  }

  /** Settles when what was said so far has been brought; undefined where nothing is left to do. Never rejects. */
  get underWay(): Promise<unknown> | undefined {
    return this.#underWay.size === 0 ? undefined : Promise.all(this.#underWay)
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    const closed = new MeshClosedError()
    this.#closing.abort(closed)
    for (const {entries, leaving} of this.#subjects.values()) {
      for (const {accepted, gone} of [...entries.values(), ...leaving]) {
        accepted.reject(closed)
        gone.reject(closed)
      }
    }
  }

  #throwIfClosed(): void {
    if (this.#closing.signal.aborted) throw new MeshClosedError()
  }

  #subjectOf({kind, service: {namespace, name}}: Fragment): Subject {
    const key = `${kind}/${namespace}/${name}`
    const subject = this.#subjects.get(key) ?? {
      entries: new Map(),
      leaving: new Set(),
      work: Promise.resolve(),
      isDue: false,
    }
    this.#subjects.set(key, subject)
    return subject
  }

  async #applied(subject: Subject, entry: Entry, {signal}: AppliedOptions = {}): Promise<Applied> {
    const ends = [this.#closing.signal, entry.stop.signal, signal].filter((one) => one !== undefined)
    const end = AbortSignal.any(ends)
    try {
      await before(end, entry.accepted.promise)
      return await this.#store.applied(this.#spoken(subject, entry), end)
    } catch (error) {
      end.throwIfAborted()
      throw error
    }
  }

  async #dispose(subject: Subject, entry: Entry): Promise<void> {
    this.#throwIfClosed()
    if (subject.entries.get(entry.fragment.call) === entry) {
      entry.end(new MeshRuleError('the rule was taken back'))
      subject.entries.delete(entry.fragment.call)
      subject.leaving.add(entry)
      this.#schedule(subject)
    }
    return entry.gone.promise
  }

  /** Everything that is said before the caller lets go is done in one go. */
  #schedule(subject: Subject): void {
    if (subject.isDue) return
    subject.isDue = true
    const work = subject.work.then(() => {
      subject.isDue = false
      return this.#bring(subject)
    })
    subject.work = work
    this.#underWay.add(work)
    void work.then(() => this.#underWay.delete(work))
  }

  async #bring(subject: Subject): Promise<void> {
    for (const entry of subject.leaving) await this.#takeBack(subject, entry)
    const taken: Entry[] = []
    // What is said meanwhile has its own turn, in which all of it is brought in the right order.
    const said = new Map(subject.entries)
    for (const call of order) {
      const entry = said.get(call)
      if (entry !== undefined && (await this.#put(subject, entry))) taken.push(entry)
    }
    if (this.#store.judgesAtOnce) await this.#judge(subject, taken)
  }

  /** Whether there was something to write, and it was taken. */
  async #put(subject: Subject, entry: Entry): Promise<boolean> {
    const signal = AbortSignal.any([this.#closing.signal, entry.stop.signal])
    try {
      if (isDeepStrictEqual(entry.written, this.#spoken(subject, entry))) return false
      await this.#persist(signal, async () => {
        const spoken = this.#spoken(subject, entry)
        await this.#store.put(spoken)
        entry.written = spoken
      })
      entry.accepted.resolve()
      return true
    } catch (error) {
      entry.accepted.reject(error)
      if (!signal.aborted) this.#fail(error)
      return false
    }
  }

  async #takeBack({entries, leaving}: Subject, entry: Entry): Promise<void> {
    const {fragment, gone} = entry
    leaving.delete(entry)
    try {
      // Said anew meanwhile, under the same name.
      if (entries.get(fragment.call)?.fragment.manager === fragment.manager) {
        gone.resolve()
        return
      }
      await this.#persist(this.#closing.signal, () => this.#store.remove(fragment))
      gone.resolve()
    } catch (error) {
      gone.reject(error)
      if (!this.#closing.signal.aborted) this.#fail(error)
    }
  }

  /** Tells what cannot be followed of what was taken, once each. */
  async #judge(subject: Subject, taken: readonly Entry[]): Promise<void> {
    const told = new Set<string>()
    for (const entry of taken) {
      await this.#store.applied(this.#spoken(subject, entry), this.#closing.signal).catch((error: Error) => {
        if (!told.has(error.message)) this.#fail(error)
        told.add(error.message)
      })
    }
  }

  /** Again and again while trying again makes sense; only the first of such failures is told. */
  async #persist(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    for (let wait = firstPause; ; wait = Math.min(wait * 2, longestPause)) {
      signal.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof MeshError) || !error.retryable) throw error
        if (wait === firstPause) this.#fail(error)
        await pause(this.#clock, wait, signal)
      }
    }
  }

  #spoken({entries}: Subject, {fragment}: Entry): Fragment {
    return beside(
      fragment,
      [...entries.values()].map((entry) => entry.fragment),
    )
  }
}

/** The promise, which may be left alone although it rejects: what goes wrong is told as well. */
function leftAlone<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** What `promise` comes to; rejects as soon as `signal` is aborted. */
async function before<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const {promise: aborted, reject} = Promise.withResolvers<never>()
  const give = () => reject(signal.reason)
  signal.addEventListener('abort', give, {once: true})
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', give)
  }
}
