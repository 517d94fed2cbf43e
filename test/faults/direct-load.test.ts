import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {createServer, type Server} from 'node:https'
import {once} from 'node:events'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {closedLoop, constantRate, requestBytes, wrongAnswer, type Target} from '../../bench/load.ts'
import {authority, keyPair} from '../admission/harness.ts'
import {isInjected} from './direct.ts'

// What counts as answered under load: an answer for that very pod, with its sidecar.

let folder: string
let server: Server
let target: Target
let answer: (uid: string) => object

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshwright-load-'))
  const caFile = join(folder, 'ca.crt')
  await writeFile(caFile, authority.cert)
  server = createServer({cert: keyPair.cert, key: keyPair.key}, (request, response) => {
    let uid = ''
    request.on('data', (chunk: Buffer) => (uid += chunk.toString()))
    request.on('end', () => {
      const body = JSON.stringify({response: answer(uid)})
      response.writeHead(200, {'content-length': Buffer.byteLength(body)}).end(body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  target = {port, caFile, path: '/mutate', isRight: (body, index) => isInjected(body, `pod-${index}`)}
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, {recursive: true})
})

const requests = [requestBytes('/mutate', 'pod-0'), requestBytes('/mutate', 'pod-1')]
const right = (uid: string) => ({uid, allowed: true, patch: 'W10='.repeat(20_000)})

test.each<[string, (uid: string) => object]>([
  ['a refusal', (uid) => ({...right(uid), allowed: false})],
  ['another pod', () => right('somebody-else')],
  ['a pod left alone', (uid) => ({uid, allowed: true})],
])('%s is not answered', async (_, given) => {
  answer = given
  const statuses = new Set<number>()
  expect(await closedLoop(target, requests, 1, 0.2, (status) => statuses.add(status))).toMatchObject({answers: 0})
  expect([...statuses]).toEqual([wrongAnswer])
  expect(await constantRate(target, requests, 1, 0.2, 50)).toMatchObject({answers: 0, failures: 10})
})

test('what is right counts, in however many pieces it comes', async () => {
  answer = right
  expect(await constantRate(target, requests, 1, 0.2, 50)).toMatchObject({answers: 10, failures: 0})
})
