import {describe, expect, test} from 'vitest'
import {MeshRuleError, MeshUnavailableError} from './errors.ts'
import {trafficFragment, type Fragment} from './fragment.ts'
import {Registrar} from './registrar.ts'
import type {RuleStore} from './rules.ts'
import {FakeClock} from './testing/fake-clock.ts'

const service = {namespace: 'shop', name: 'a'}
const split = (weight: number, speaker = {name: 'web', version: 'v1'}) =>
  trafficFragment(speaker, 'split', service, {
    versions: [{name: 'v1'}, {name: 'v2'}],
    split: [
      {version: 'v1', weight},
      {version: 'v2', weight: 100 - weight},
    ],
    timeout: '5s',
  })
const canary = (version = 'v2') =>
  trafficFragment({name: 'web', version: 'v1'}, 'canary', service, {canary: {version, percent: 10}})

function registrar(fails: (count: number, fragment: Fragment) => unknown = () => undefined) {
  const log: string[] = []
  const failures: unknown[] = []
  let puts = 0
  const store: RuleStore = {
    judgesAtOnce: false,
    async put(fragment) {
      const error = fails(++puts, fragment)
      if (error !== undefined) throw error
      log.push(`put ${fragment.manager} ${Object.keys(fragment.spec).join()}`)
    },
    async remove({manager}) {
      log.push(`remove ${manager}`)
    },
    applied: async () => ({exact: true, approximations: []}),
    close: async () => {},
  }
  const clock = new FakeClock()
  return {registrar: new Registrar(store, clock, (error) => failures.push(error)), log, failures, clock}
}

describe('rules', () => {
  test('said in one go are written as what they come to', async () => {
    const {registrar: rules, log} = registrar()
    rules.register(split(80))
    rules.register(split(50))
    rules.register(canary())
    await rules.ready()
    expect(log).toEqual([
      'put meshwright-sdk/web/split/v1 service,versions,timeout',
      'put meshwright-sdk/web/canary/v1 service,canary',
    ])
  })

  test('said while others are written wait for their turn: the shares have stepped back when the canary comes', async () => {
    const made = registrar((count) => {
      if (count === 1) made.registrar.register(canary())
    })
    made.registrar.register(split(80))
    await made.registrar.underWay
    await made.registrar.ready()
    await made.registrar.underWay
    expect(made.log).toEqual([
      'put meshwright-sdk/web/split/v1 service,versions,split,timeout',
      'put meshwright-sdk/web/split/v1 service,versions,timeout',
      'put meshwright-sdk/web/canary/v1 service,canary',
    ])
  })

  test('whose promises are left alone end no process', async () => {
    const told: unknown[] = []
    const listen = (reason: unknown) => told.push(reason)
    process.on('unhandledRejection', listen)
    const {registrar: rules} = registrar()
    const handle = rules.register(split(80))
    void handle.applied()
    void handle.dispose()
    await rules.underWay
    rules.close()
    void handle.dispose()
    await new Promise((resolve) => setTimeout(resolve, 20))
    process.off('unhandledRejection', listen)
    expect(told).toEqual([])
  })

  test('of a canary step back when it goes', async () => {
    const {registrar: rules, log} = registrar()
    rules.register(split(80))
    const handle = rules.register(canary('v3'))
    await rules.ready()
    await handle.dispose()
    await rules.underWay
    expect(log.slice(1)).toEqual([
      // The versions are written down, so the canary's is one of them.
      'put meshwright-sdk/web/canary/v1 service,canary,versions',
      'remove meshwright-sdk/web/canary/v1',
      'put meshwright-sdk/web/split/v1 service,versions,split,timeout',
    ])
  })

  test('of the same call replace each other, under another name as well', async () => {
    const {registrar: rules, log} = registrar()
    const first = rules.register(split(80, {name: 'application', version: ''}))
    await first.accepted()
    rules.register(split(80))
    await rules.ready()
    expect(log).toEqual([
      'put meshwright-sdk/application/split service,versions,split,timeout',
      'remove meshwright-sdk/application/split',
      'put meshwright-sdk/web/split/v1 service,versions,split,timeout',
    ])
    // It is not the handle's any more.
    await first.dispose()
    expect(log).toHaveLength(3)
    await expect(first.applied()).rejects.toThrow('a later call')
  })

  test('that are refused are told once, to whoever waits and to everybody', async () => {
    const refused = new MeshRuleError('no')
    const {registrar: rules, failures} = registrar(() => refused)
    const handle = rules.register(split(80))
    await expect(handle.accepted()).rejects.toBe(refused)
    await expect(rules.ready()).rejects.toBe(refused)
    await expect(handle.applied()).rejects.toBe(refused)
    expect(failures).toEqual([refused])
  })

  test('wait for a store that cannot be reached, and say so once', async () => {
    const busy = new MeshUnavailableError('busy', undefined)
    const {registrar: rules, log, failures, clock} = registrar((count) => (count <= 3 ? busy : undefined))
    const handle = rules.register(split(80))
    await clock.advance(0)
    await clock.advance(499)
    expect(log).toEqual([])
    await clock.advance(1 + 1000 + 2000)
    await handle.accepted()
    expect(log).toHaveLength(1)
    expect(failures).toEqual([busy])
  })

  test('that are said anew do not wait for what was said before', async () => {
    const busy = new MeshUnavailableError('busy', undefined)
    const {registrar: rules, log, clock} = registrar((count) => (count === 1 ? busy : undefined))
    const first = rules.register(split(80))
    await clock.advance(10)
    await rules.register(split(50)).accepted()
    expect(log).toHaveLength(1)
    await expect(first.accepted()).rejects.toThrow('a later call')
  })

  test('cannot be said after the end, and nobody waits for ever', async () => {
    const busy = new MeshUnavailableError('busy', undefined)
    const {registrar: rules, clock} = registrar(() => busy)
    const handle = rules.register(split(80))
    await clock.advance(10)
    const waiting = handle.applied()
    rules.close()
    await expect(waiting).rejects.toMatchObject({code: 'MESH_CLOSED'})
    await expect(handle.accepted()).rejects.toMatchObject({code: 'MESH_CLOSED'})
    expect(() => rules.register(split(80))).toThrow('closed')
    await expect(handle.dispose()).rejects.toThrow('closed')
    await rules.underWay
  })

  test('can be waited for with a limit', async () => {
    const {registrar: rules, clock} = registrar(() => new MeshUnavailableError('busy', undefined))
    const handle = rules.register(split(80))
    await clock.advance(10)
    const given = new AbortController()
    const waiting = handle.applied({signal: given.signal})
    given.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})
