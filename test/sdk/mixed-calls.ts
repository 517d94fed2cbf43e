/**
 * Makes ten thousand calls at once through one mesh, each as part of a request of its own: good ones, ones that are tried
 * again, that time out, that are given up, that are reset. Prints what became of them and what is left after `close`.
 */
import {createMesh, op} from '../../src/sdk/index.ts'

const [url = ''] = process.argv.slice(2)
const count = 10_000
const operations = {
  good: op<{id: string}, {id: string; trace: string}>('GET /good/{id}'),
  posted: op<{id: string}, {id: string; trace: string}>('POST /posted/{id}'),
  flaky: op<{id: string}, {id: string; trace: string}>('GET /flaky/{id}'),
  hang: op<{id: string}>('GET /hang/{id}'),
  reset: op<{id: string}>('GET /reset/{id}'),
}
const mesh = createMesh({
  mode: 'local',
  service: 'web',
  services: {
    a: [
      {url, version: 'v1'},
      {url, version: 'v2'},
    ],
  },
})
mesh.on('error', (error) => {
  throw error
})
mesh.trafficManager().destination('a', 'v1').weight(50).to('a', 'v2').timeout('60s').retries(2).register()
await mesh.ready()
const service = mesh.getService('a', operations)

let lost = 0
const outcomes = new Map<string, number>()

async function call(index: number): Promise<string> {
  const id = String(index)
  const trace = index.toString(16).padStart(32, 'a')
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`
  return mesh.withContext({traceparent}, async () => {
    const outcome = await attempt(index, id, trace)
    // The context is still there after the answer.
    if (!(mesh.headers()['traceparent'] ?? '').includes(trace)) lost++
    return outcome
  })
}

async function attempt(index: number, id: string, trace: string): Promise<string> {
  try {
    if (index % 10 === 7) await service.hang({id}, {timeout: '2s'})
    if (index % 10 === 8) await service.reset({id})
    if (index % 10 === 9) {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new Error('given up')), 500)
      await service.hang({id}, {signal: controller.signal})
    }
    const name = index % 10 < 4 ? 'good' : index % 10 < 6 ? 'posted' : 'flaky'
    const answer = await service[name]({id})
    if (answer.id !== id || answer.trace !== trace) lost++
    return name
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    return error instanceof Error ? error.message : String(error)
  }
}

for (const outcome of await Promise.all(Array.from({length: count}, (_, index) => call(index)))) {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
}
await mesh.close()
// Sockets say that they are closed a turn later.
await new Promise((resolve) => setImmediate(resolve))
const left = process.getActiveResourcesInfo().filter((resource) => /TCP|TLS|Timeout/.test(resource))
console.log(JSON.stringify({lost, outcomes: Object.fromEntries(outcomes), left}))
