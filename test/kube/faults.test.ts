import {once} from 'node:events'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {KubeApi} from '../../src/kube/api.ts'
import {connect} from '../../src/kube/client.ts'
import {
  ForbiddenError,
  GoneError,
  ServerError,
  TooManyRequestsError,
  UnauthorizedError,
  UnreachableError,
} from '../../src/kube/errors.ts'
import {watchKind, type Watch} from '../../src/kube/watch.ts'
import type {KubeObject} from '../../src/mesh/pod.ts'
import {until} from '../cluster/wait.ts'
import {configMap, configMaps} from './access.ts'

// What a real API server cannot be made to answer when a test wants it to. It speaks HTTP/1.1, as some proxies before
// API servers do. Everything else is tried against the real one, in the *.e2e.ts beside this file.

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let server: Server
let answers: Answer[]
let requests: IncomingMessage[]
let dir: string
let api: KubeApi
const watches: Watch[] = []

beforeEach(async () => {
  answers = []
  requests = []
  server = createServer((request, response) => {
    requests.push(request)
    const answer = answers.shift() ?? status(500, 'nothing was prepared for this request')
    request.resume().on('end', () => answer(request, response))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  dir = await mkdtemp(join(tmpdir(), 'faults-'))
  await writeFile(join(dir, 'token'), 'first\n')
  const kubeconfig = {
    'current-context': 'test',
    contexts: [{name: 'test', context: {cluster: 'test', user: 'us'}}],
    clusters: [{name: 'test', cluster: {server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true}}],
    users: [{name: 'us', user: {tokenFile: 'token'}}],
  }
  await writeFile(join(dir, 'kubeconfig'), JSON.stringify(kubeconfig))
  api = await connect({kubeconfig: join(dir, 'kubeconfig'), env: {}})
})

afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()))
  await api.close()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await rm(dir, {recursive: true})
})

function json(code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_, response) => {
    response.writeHead(code, {'content-type': 'application/json', ...headers}).end(JSON.stringify(body))
  }
}

function status(code: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return json(code, {kind: 'Status', code, message}, headers)
}

const found = json(200, {metadata: {namespace: 'shop', name: 'a'}})
const list = (...items: KubeObject[]) => json(200, {metadata: {resourceVersion: '10'}, items})
const item = (name: string, resourceVersion: string) => ({
  metadata: {namespace: 'shop', name, uid: name, resourceVersion},
})

function stream(...events: unknown[]): Answer {
  return (_, response) => {
    response.writeHead(200, {'content-type': 'application/json'})
    for (const event of events) response.write(`${JSON.stringify(event)}\n`)
  }
}

const get = () => api.get(configMaps, {namespace: 'shop', name: 'a'})

describe('a call that is answered 429', () => {
  test('is tried again after the time that the answer names', async () => {
    answers.push(status(429, 'busy', {'retry-after': '0.2'}), found)
    const begun = performance.now()
    await get()
    expect(performance.now() - begun).toBeGreaterThan(190)
    expect(requests).toHaveLength(2)
  })

  test('is given up in the end, with the time to wait', async () => {
    answers.push(...Array.from({length: 5}, () => status(429, 'busy', {'retry-after': '0.01'})))
    const failed = get()
    await expect(failed).rejects.toThrow(TooManyRequestsError)
    await expect(failed).rejects.toMatchObject({retryAfter: 10})
    expect(requests).toHaveLength(5)
  })

  test('ends at once when its caller ends it', async () => {
    answers.push(status(429, 'busy', {'retry-after': '30'}))
    const reason = new Error('enough')
    await expect(api.get(configMaps, {namespace: 'shop', name: 'a'}, {signal: abortedIn(50, reason)})).rejects.toBe(
      reason,
    )
  })
})

function abortedIn(milliseconds: number, reason: Error): AbortSignal {
  const stop = new AbortController()
  setTimeout(() => stop.abort(reason), milliseconds)
  return stop.signal
}

describe('credentials that are not accepted any more', () => {
  test('are read again, once', async () => {
    answers.push(found)
    await get()
    await writeFile(join(dir, 'token'), 'second\n')
    answers.push(status(401, 'Unauthorized'), found)
    await get()
    expect(requests.map(({headers}) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer first',
      'Bearer second',
    ])
    answers.push(status(401, 'Unauthorized'), status(401, 'Unauthorized'))
    await expect(get()).rejects.toThrow(UnauthorizedError)
    expect(requests).toHaveLength(5)
  })
})

describe('an answer', () => {
  test('of 503 names the time to wait', async () => {
    answers.push(status(503, 'starting', {'retry-after': '3'}))
    const failed = get()
    await expect(failed).rejects.toThrow(ServerError)
    await expect(failed).rejects.toMatchObject({status: 503, retryAfter: 3_000})
  })

  test('that is no Kubernetes object says that something else answers', async () => {
    answers.push((_, response) => void response.end('<html>Sign in</html>'))
    await expect(get()).rejects.toThrow(/^what answers in the place of the API server is none/)
  })

  test('of a policy that refuses is told as it stands', async () => {
    answers.push(status(403, 'admission webhook "policy.example.com" denied the request: no'))
    const failed = get()
    await expect(failed).rejects.toThrow(ForbiddenError)
    await expect(failed).rejects.toThrow('denied the request: no')
  })

  test('that breaks off is asked for again, unless it was to create', async () => {
    const torn: Answer = (_, response) => void response.destroy()
    answers.push(torn, found)
    await get()
    answers.push(torn)
    await expect(api.create(configMaps, configMap('shop', 'a'))).rejects.toThrow(UnreachableError)
    expect(requests).toHaveLength(3)
  })

  test('that does not come in time is not waited for', async () => {
    answers.push(() => {})
    const failed = api.get(configMaps, {namespace: 'shop', name: 'a'}, {timeout: 100})
    await expect(failed).rejects.toThrow(UnreachableError)
    await expect(failed).rejects.toThrow('no answer to GET /api/v1/namespaces/shop/configmaps/a in 0.1 s')
  })
})

describe('a watch', () => {
  function watched() {
    const told: string[] = []
    const troubles: unknown[] = []
    const watch = watchKind(
      api,
      configMaps,
      {backoff: {shortest: 10, longest: 100}},
      {
        onSet: ({metadata}) => void told.push(`set ${metadata?.name}`),
        onDelete: ({metadata}) => void told.push(`delete ${metadata?.name}`),
        onSynced: () => void told.push('synced'),
        onTrouble: (error) => void troubles.push(error),
      },
    )
    watches.push(watch)
    return {told, troubles}
  }
  const is = (what: string, isSo: () => boolean) => until(what, 10_000, () => Promise.resolve(isSo()))
  const versions = () => requests.map(({url = ''}) => new URL(url, 'http://a').searchParams.get('resourceVersion'))

  test('waits as long as a 429 asks for, in the list and in the watch', async () => {
    const busy = status(429, 'busy', {'retry-after': '0.3'})
    answers.push(...Array.from({length: 5}, () => status(429, 'busy', {'retry-after': '0'})))
    answers.push(list(item('a', '1')), busy, stream({type: 'ADDED', object: item('b', '11')}))
    const begun = performance.now()
    const {told, troubles} = watched()
    await is('the event', () => told.includes('set b'))
    expect(performance.now() - begun).toBeGreaterThan(300)
    expect(told).toEqual(['set a', 'synced', 'set b'])
    expect(troubles).toEqual([expect.any(TooManyRequestsError), expect.any(TooManyRequestsError)])
  })

  test('resumes after an error in the stream where it was, and lists again only when its version is gone', async () => {
    const error = (code: number) => ({type: 'ERROR', object: {kind: 'Status', code, message: 'in the stream'}})
    answers.push(
      list(item('a', '1'), item('b', '2')),
      stream({type: 'MODIFIED', object: item('a', '11')}, error(500)),
      stream({type: 'BOOKMARK', object: {metadata: {resourceVersion: '20'}}}, error(410)),
      list(item('a', '11')),
      stream({type: 'ADDED', object: item('c', '21')}),
    )
    const {told, troubles} = watched()
    await is('the last event', () => told.includes('set c'))
    expect(told).toEqual(['set a', 'set b', 'synced', 'set a', 'delete b', 'set c'])
    expect(troubles).toEqual([expect.any(ServerError), expect.any(GoneError)])
    expect(versions()).toEqual([null, '10', '11', null, '10'])
  })

  test('goes on after a line that is torn or is no JSON', async () => {
    answers.push(
      list(),
      (_, response) => {
        response.writeHead(200).write('{"type":"ADDED","object":{"metadata":{"name":"to')
        setTimeout(() => response.destroy(), 50)
      },
      (_, response) => void response.writeHead(200).write('<html>\n'),
      stream({type: 'ADDED', object: item('a', '11')}),
    )
    const {told, troubles} = watched()
    await is('the event', () => told.includes('set a'))
    expect(told).toEqual(['synced', 'set a'])
    expect(troubles).toEqual([expect.any(UnreachableError), expect.any(ServerError)])
  })

  test('does not ask without a pause where its stream ends at once', async () => {
    const over: Answer = (_, response) => void response.writeHead(200).end()
    answers.push(list(), ...Array.from({length: 100}, () => over))
    watched()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(requests.length).toBeLessThan(30)
  })

  test('lists at most once a second, whatever it is told', async () => {
    const gone = status(410, 'too old')
    answers.push(...Array.from({length: 50}, (_, index) => (index % 2 === 0 ? list() : gone)))
    watched()
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(requests.length).toBeLessThanOrEqual(6)
  })
})
