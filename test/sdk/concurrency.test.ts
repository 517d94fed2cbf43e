import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'

const script = (name: string, ...args: readonly string[]) =>
  spawn(process.execPath, [join(import.meta.dirname, name), ...args], {stdio: ['ignore', 'pipe', 'inherit']})

const upstream = {url: '', stop: () => {}}
beforeAll(async () => {
  const child = script('mixed-upstream.ts')
  upstream.stop = () => child.kill()
  const [chunk]: unknown[] = await once(child.stdout, 'data')
  upstream.url = `http://127.0.0.1:${String(chunk).trim()}`
})
afterAll(() => upstream.stop())

async function connections(): Promise<number> {
  const answer = await fetch(`${upstream.url}/connections`, {headers: {connection: 'close'}})
  const {count} = (await answer.json()) as {count: number}
  // Its own is one of them.
  return count - 1
}

test('ten thousand calls at once keep their contexts, and after close nothing is left and the process ends', async () => {
  const child = script('mixed-calls.ts', upstream.url)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  // Nobody ends it: a timer or a socket that was left would hold it until the test gives up.
  const [code]: unknown[] = await once(child, 'close')
  expect(code).toBe(0)
  expect(JSON.parse(output)).toEqual({
    lost: 0,
    outcomes: {good: 4000, posted: 2000, flaky: 1000, MESH_TIMEOUT: 1000, MESH_CONNECT: 1000, 'given up': 1000},
    left: [],
  })
  for (let i = 0; i < 50 && (await connections()) > 0; i++) await sleep(20)
  expect(await connections()).toBe(0)
})
