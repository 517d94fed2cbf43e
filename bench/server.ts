import {spawn, type ChildProcess} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {request} from 'node:https'
import {createServer} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import {cpuSeconds, onFirstCore, pin, residentMiB} from './process.ts'

/** Keeps this process, the client, off the servers' core: the kernel would put it beside the one that it talks to. */
export function pinClient(): void {
  pin(process.pid, '1')
}

/** A server under measurement, alone on one core where the system can pin it. */
export class Server {
  readonly port: number
  readonly #child: ChildProcess
  #log = ''
  #gone = false

  private constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-4000)
    })
    child.on('exit', () => {
      this.#gone = true
    })
  }

  /** Starts `command`, in which `PORT` stands for the port, and waits for `GET /readyz`; `readyMs` is how long that took. */
  static async start(command: readonly string[], caFile: string): Promise<{server: Server; readyMs: number}> {
    const port = await freePort()
    const words = command.map((word) => (word === 'PORT' ? String(port) : word))
    const [program = '', ...rest] = onFirstCore(words)
    const ca = readFileSync(caFile)
    const started = performance.now()
    const server = new Server(port, spawn(program, rest, {stdio: ['ignore', 'ignore', 'pipe']}))
    while (!(await answers(port, ca))) {
      if (server.#gone || performance.now() - started > 30_000) throw new Error(`not ready: ${server.#log}`)
      await sleep(5)
    }
    return {server, readyMs: performance.now() - started}
  }

  residentMiB(): number {
    return residentMiB(this.#child.pid ?? 0)
  }

  cpuSeconds(): number {
    return cpuSeconds(this.#child.pid ?? 0)
  }

  async stop(): Promise<void> {
    if (this.#gone) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await gone
  }
}

/** Sends one body and gives the answer's text. */
export function post(port: number, caFile: string, path: string, body: string): Promise<string> {
  const {promise, resolve, reject} = Promise.withResolvers<string>()
  const call = request(
    {
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      path,
      method: 'POST',
      ca: readFileSync(caFile),
      headers: {'content-type': 'application/json'},
    },
    (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`HTTP ${response.statusCode}: ${text}`)),
      )
    },
  )
  call.on('error', reject).end(body)
  return promise
}

function answers(port: number, ca: Buffer): Promise<boolean> {
  const {promise, resolve} = Promise.withResolvers<boolean>()
  const call = request(
    {host: '127.0.0.1', servername: 'localhost', port, path: '/readyz', ca, agent: false},
    (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    },
  )
  call.on('error', () => resolve(false)).end()
  return promise
}

function freePort(): Promise<number> {
  const {promise, resolve, reject} = Promise.withResolvers<number>()
  const server = createServer().on('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() =>
      typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
    )
  })
  return promise
}
