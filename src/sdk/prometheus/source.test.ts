import {describe, expect, test} from 'vitest'
import {ApplicationMesh} from '../application-mesh.ts'
import {assemble} from '../assemble.ts'
import {noEnvironment, readEnvironment, type Environment} from '../environment.ts'
import {MeshConfigError, MeshUnavailableError} from '../errors.ts'
import type {ServiceMetrics} from '../mesh.ts'
import type {MeshOptions} from '../options.ts'
import {settingsOf} from '../settings.ts'
import {FakeClock} from '../testing/fake-clock.ts'
import type {Sample} from './answer.ts'
import {PrometheusClient} from './client.ts'
import {PrometheusMetrics} from './source.ts'

const url = 'http://prometheus.test:9090'
const settings = (options: MeshOptions, environment: Partial<Environment> = {}) =>
  settingsOf({mode: 'local', ...options}, {...noEnvironment, ...environment}).prometheus

describe('the Prometheus that is asked', () => {
  test('is none where none is named', () => {
    expect(settings({})).toBeUndefined()
  })

  test('is the one of the options, then of the environment', () => {
    expect(settings({prometheus: url}, {prometheus: 'http://other'})?.url.href).toBe(`${url}/`)
    expect(settings({prometheus: {mesh: 'consul'}}, {prometheus: url})).toMatchObject({mesh: 'consul'})
    expect(settings({}, readEnvironment({MESHWRIGHT_PROMETHEUS: url}, '/nowhere'))?.url.href).toBe(`${url}/`)
  })

  test('has usual times, and those that are said', () => {
    expect(settings({prometheus: url})).toMatchObject({timeout: 10_000, scrapeInterval: 15_000})
    const own = {url, timeout: '1s', scrapeInterval: '1m'}
    expect(settings({prometheus: own})).toMatchObject({timeout: 1000, scrapeInterval: 60_000})
  })

  test('scrapes the mesh that is said, by options, environment, configuration', () => {
    const configuration = {mesh: {type: 'linkerd' as const}}
    expect(settings({prometheus: url})?.mesh).toBeUndefined()
    expect(settings({prometheus: url, configuration})?.mesh).toBe('linkerd')
    expect(settings({prometheus: url, configuration}, {mesh: 'istio'})?.mesh).toBe('istio')
    expect(settings({prometheus: {url, mesh: 'consul'}, configuration}, {mesh: 'istio'})?.mesh).toBe('consul')
  })

  test.each<[string, MeshOptions, RegExp]>([
    ['is nowhere', {prometheus: {mesh: 'istio'}}, /name its url, or set MESHWRIGHT_PROMETHEUS/],
    ['is no URL', {prometheus: 'prometheus:9090'}, /prometheus\.url must be a URL such as/],
    ['is no URL at all', {prometheus: {url: 'me:secret@'}}, /^(?!.*secret)/],
    ['is late by no duration', {prometheus: {url, timeout: '0s'}}, /prometheus\.timeout must be a duration/],
    ['scrapes by no duration', {prometheus: {url, scrapeInterval: 'x'}}, /prometheus\.scrapeInterval must be/],
    ['scrapes no mesh', {prometheus: JSON.parse(`{"url":"${url}","mesh":"kuma"}`)}, /must be istio, linkerd, consul/],
  ])('and %s is an error at once', (_, options, message) => {
    const thrown = (() => {
      try {
        return settings(options)
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toBeInstanceOf(MeshConfigError)
    expect(String(thrown)).toMatch(message)
  })

  test('scrapes no mesh by the environment either', () => {
    expect(() => readEnvironment({MESHWRIGHT_MESH: 'kuma'}, '/nowhere')).toThrow(MeshConfigError)
  })
})

/** A client that answers without a network. */
class FakeClient extends PrometheusClient {
  readonly asked: string[] = []
  answer: (query: string) => readonly Sample[] = () => []

  constructor() {
    super({url: new URL(url), headers: {}, timeout: 1000})
  }

  override async query(query: string): Promise<readonly Sample[]> {
    this.asked.push(query)
    return this.answer(query)
  }
}

describe('a report', () => {
  test('goes on after the mesh could not be found out, and after Prometheus failed', async () => {
    const [clock, client] = [new FakeClock(), new FakeClient()]
    let looks = 0
    const metrics = new PrometheusMetrics({
      client,
      scrapeInterval: 15_000,
      mesh: async () => {
        looks++
        if (looks === 1) throw new MeshUnavailableError('busy', undefined)
        return 'istio'
      },
    })
    const own = new ApplicationMesh(assemble({mode: 'local', openTelemetry: false, metrics}, noEnvironment, {clock}))
    const [told, failures]: [ServiceMetrics[], Error[]] = [[], []]
    own.on('error', (error) => failures.push(error))
    own
      .metrics()
      .service('a')
      .report((data) => told.push(data))
    await clock.advance(10_000)
    expect(failures).toMatchObject([{code: 'MESH_UNAVAILABLE'}])
    client.answer = () => {
      throw new Error('down')
    }
    await clock.advance(10_000)
    expect(failures).toMatchObject([{}, {message: 'down'}])
    client.answer = (query) => (query.includes('_total') ? [{labels: {response_code: '200'}, value: 2.6}] : [])
    await clock.advance(20_000)
    expect(told).toMatchObject([{requests: 3, window: 60_000}, {requests: 3}])
    expect(looks).toBe(2)
    await own.close()
  })

  test('of Linkerd asks for the Services of versions first', async () => {
    const client = new FakeClient()
    client.answer = (query) => (query.includes('group by') ? [{labels: {part: 'a-v1'}, value: 1}] : [])
    const metrics = new PrometheusMetrics({client, scrapeInterval: 1000, mesh: async () => 'linkerd'})
    const never = new AbortController().signal
    await metrics.probe({name: 'a', namespace: 'shop'}).take(10_000, never)
    expect(client.asked).toHaveLength(3)
    expect(client.asked[1]).toContain('dst_service=~"a|a-v1"')
  })
})
