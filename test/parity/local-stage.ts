import {loadConfiguration} from '../../src/config/load.ts'
import {isAllowed} from '../../src/sdk/local/access.ts'
import {Endpoints, type Endpoint} from '../../src/sdk/local/endpoints.ts'
import {LocalStore} from '../../src/sdk/local/store.ts'
import {LocalTransport} from '../../src/sdk/local/transport.ts'
import {NoAnswer, type AnswerHeaders} from '../../src/sdk/transport.ts'
import {namespace, objectsOf, type Case, type Seen, type Sent} from './stage.ts'
import type {Upstream} from './upstream.ts'

/** What a sidecar answers where the transport has no answer to give. */
const instead = {connect: 503, timeout: 504, 'circuit-open': 503} as const

/** Sets a case up in local mode: the store, the transport and the decision that applications get. */
export function localStage(one: Case, upstreams: readonly Upstream[], random: () => number = Math.random) {
  const loading = loadConfiguration([])
  if (!loading.ok) throw new Error('the empty configuration does not load')
  const store = new LocalStore(loading.loaded, undefined, objectsOf(one))
  const transport = new LocalTransport({
    endpoints: endpointsOf(upstreams),
    trafficOf: (service) => store.trafficOf(service),
    random,
    now: () => performance.now(),
  })
  const service = {namespace, name: 'a'}
  async function answerOf({method = 'GET', path = '/', headers = {}, caller, giveUpAfter}: Sent) {
    const access = store.accessOf(service)
    const [name = '', from = ''] = caller?.split('.') ?? []
    const asked = {caller: caller === undefined ? undefined : {namespace: from, name}, method, path: pathOf(path)}
    if (access !== undefined && !isAllowed(access, asked)) return {status: 403, headers: {}, attempts: 0}
    try {
      return await transport.send({
        service,
        method,
        path,
        // As clients write them.
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
        body: undefined,
        timeout: undefined,
        signal: giveUpAfter === undefined ? undefined : AbortSignal.timeout(giveUpAfter),
      })
    } catch (error) {
      if (error instanceof NoAnswer) return {status: instead[error.reason], headers: {}, attempts: error.attempts}
      if (error instanceof DOMException) return {status: 0, headers: {}, attempts: 0}
      throw error
    }
  }
  return {
    endpoints: upstreams,
    async send(sent: Sent = {}): Promise<Seen> {
      const started = performance.now()
      const {status, headers, attempts}: Answered = await answerOf(sent)
      return {status, version: String(headers['x-version'] ?? ''), attempts, took: performance.now() - started}
    },
    close: () => transport.close(),
  }
}

interface Answered {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly attempts: number
}

function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? ''
}

function endpointsOf(upstreams: readonly Upstream[]): Endpoints {
  const byService = new Map<string, Endpoint[]>()
  for (const {script, port} of upstreams) {
    const {service = 'a', version} = script
    const endpoint = {url: `http://127.0.0.1:${port}`, labels: version === undefined ? {} : {version}}
    byService.set(service, [...(byService.get(service) ?? []), endpoint])
  }
  return new Endpoints(byService)
}
