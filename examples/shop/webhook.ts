import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {Agent, request} from 'node:https'
import {createServer} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'

export interface Answer {
  readonly status: number
  readonly body: unknown
  /** From the first byte sent to the last byte read. */
  readonly milliseconds: number
}

/** The real `meshwright webhook`, as a process of its own, and a client that trusts its CA and nothing else. */
export class Webhook {
  readonly #child: ChildProcess
  readonly #agent: Agent
  readonly #port: number
  #log = ''

  private constructor(child: ChildProcess, port: number, ca: string) {
    this.#child = child
    this.#port = port
    this.#agent = new Agent({ca, keepAlive: true, servername: 'localhost'})
    child.stdout?.on('data', (chunk: Buffer) => this.#note(chunk))
    child.stderr?.on('data', (chunk: Buffer) => this.#note(chunk))
  }

  /** Starts the process and waits until it says that it is ready. */
  static async start(launcher: string, args: readonly string[], ca: string): Promise<Webhook> {
    const port = await freePort()
    const address = ['--host', '127.0.0.1', '--port', String(port)]
    const child = spawn(launcher, ['webhook', ...args, ...address], {stdio: ['ignore', 'pipe', 'pipe']})
    const webhook = new Webhook(child, port, ca)
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) {
      if (child.exitCode !== null) break
      const answer = await webhook.#send('GET', '/readyz').catch(() => undefined)
      if (answer?.status === 200) return webhook
    }
    child.kill()
    throw new Error(`the webhook did not become ready:\n${webhook.#log}`)
  }

  async review(body: string): Promise<Answer> {
    return this.#send('POST', '/mutate?timeout=10s', body)
  }

  /** Asks the process to end as Kubernetes would; its exit code. */
  async stop(): Promise<number | null> {
    this.#agent.destroy()
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM')
      await once(this.#child, 'exit')
    }
    return this.#child.exitCode
  }

  async #send(method: string, path: string, body = ''): Promise<Answer> {
    const {promise, resolve, reject} = Promise.withResolvers<Answer>()
    const started = performance.now()
    const headers =
      method === 'POST' ? {'content-type': 'application/json', 'content-length': Buffer.byteLength(body)} : {}
    const sent = request(
      {host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path, headers},
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({status: response.statusCode ?? 0, body: parsed(text), milliseconds: performance.now() - started})
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
    return promise
  }

  #note(chunk: Buffer): void {
    this.#log = (this.#log + chunk.toString()).slice(-20_000)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
