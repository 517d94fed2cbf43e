import {readFileSync} from 'node:fs'
import {connect, type TLSSocket} from 'node:tls'

/** What a run measured; latencies in milliseconds, from the moment a request was due. */
export interface Measured {
  readonly answers: number
  readonly failures: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly worst: number
}

export interface Target {
  readonly port: number
  readonly caFile: string
  readonly path: string
  /** Whether the body of a 200 is what the request of this index asked for; where absent, each is. */
  readonly isRight?: (body: string, index: number) => boolean
}

/** The status of an answer that is not what was asked for. */
export const wrongAnswer = -1

/** A keep-alive connection that has at most one request under way. Hand-made, for node:https would be the bottleneck. */
class Connection {
  readonly #socket: TLSSocket
  readonly #isRight: Target['isRight']
  #pending: {readonly index: number; readonly done: (status: number) => void} | undefined
  #head = ''
  #body = ''
  #missing = 0
  #status = 0

  constructor({port, caFile, isRight}: Target) {
    this.#isRight = isRight
    this.#socket = connect({host: '127.0.0.1', port, ca: readFileSync(caFile), servername: 'localhost'})
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('error', () => this.#finish(0))
    this.#socket.on('close', () => this.#finish(0))
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('secureConnect', resolve)
      this.#socket.once('error', reject)
    })
  }

  /** @param done told the status: 0 where the connection broke, `wrongAnswer` */
  send(requests: readonly Buffer[], turn: number, done: (status: number) => void): void {
    const index = turn % requests.length
    const request = requests[index]
    if (request === undefined) throw new Error('no requests to send')
    this.#pending = {index, done}
    this.#socket.write(request)
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    if (this.#missing > 0) {
      this.#missing -= chunk.length
      if (this.#isRight !== undefined) this.#body += chunk.toString('latin1')
    } else {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = /\r\ncontent-length: (\d+)/i.exec(this.#head)?.[1] ?? '0'
      this.#status = Number(this.#head.slice(9, 12))
      this.#missing = Number(length) - (this.#head.length - end - 4)
      this.#body = this.#head.slice(end + 4)
      this.#head = ''
    }
    if (this.#missing <= 0) this.#finish(this.#status)
  }

  #finish(status: number): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    const isRight = status !== 200 || this.#isRight === undefined || this.#isRight(this.#body, pending.index)
    pending.done(isRight ? status : wrongAnswer)
  }
}

/** The bytes of one POST. */
export function requestBytes(path: string, body: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.from(head + body)
}

/** Is told of each answer its HTTP status (0: the connection broke; or `wrongAnswer`) and the milliseconds since it was asked for, or due. */
export type Tell = (status: number, milliseconds: number) => void

/** As fast as the server answers, over `width` connections: its capacity, or more than that where `width` is large. */
export async function closedLoop(
  target: Target,
  requests: readonly Buffer[],
  width: number,
  seconds: number,
  tell: Tell = () => undefined,
): Promise<Measured> {
  const connections = await open(target, width)
  const latencies: number[] = []
  let failures = 0
  let next = 0
  const started = performance.now()
  const until = started + seconds * 1000
  await Promise.all(
    connections.map(
      (connection) =>
        new Promise<void>((resolve) => {
          const step = () => {
            const due = performance.now()
            if (due >= until) return resolve()
            connection.send(requests, next++, (status) => {
              tell(status, performance.now() - due)
              if (status === 200) latencies.push(performance.now() - due)
              else failures++
              step()
            })
          }
          step()
        }),
    ),
  )
  for (const connection of connections) connection.close()
  return summary(latencies, failures, (performance.now() - started) / 1000)
}

/** At a constant rate whatever the server does, so that its queueing shows; latency counts from when a request was due. */
export async function constantRate(
  target: Target,
  requests: readonly Buffer[],
  width: number,
  seconds: number,
  perSecond: number,
  tell: Tell = () => undefined,
): Promise<Measured> {
  const idle = await open(target, width)
  const all = [...idle]
  const latencies: number[] = []
  const total = Math.round(perSecond * seconds)
  let failures = 0
  let sent = 0
  const waiting: number[] = []
  const started = performance.now()
  const dispatch = () => {
    while (waiting.length > 0 && idle.length > 0) {
      const due = waiting.shift() ?? 0
      const connection = idle.pop()
      if (connection === undefined) return
      connection.send(requests, sent, (status) => {
        tell(status, performance.now() - due)
        if (status === 200) latencies.push(performance.now() - due)
        else failures++
        idle.push(connection)
        dispatch()
      })
    }
  }
  await new Promise<void>((resolve) => {
    // Spins instead of sleeping: a timer's millisecond would be most of what is measured. The client has a core to itself.
    const tick = () => {
      const now = performance.now()
      while (sent < total && started + (sent * 1000) / perSecond <= now) {
        waiting.push(started + (sent * 1000) / perSecond)
        sent++
      }
      dispatch()
      const answered = latencies.length + failures
      if (answered >= total || now > started + seconds * 1000 + 10_000) resolve()
      else setImmediate(tick)
    }
    tick()
  })
  for (const connection of all) connection.close()
  return summary(latencies, total - latencies.length, seconds)
}

async function open(target: Target, width: number): Promise<Connection[]> {
  const connections = Array.from({length: width}, () => new Connection(target))
  await Promise.all(connections.map((connection) => connection.ready()))
  return connections
}

function summary(latencies: number[], failures: number, seconds: number): Measured {
  const sorted = latencies.sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return {
    answers: sorted.length,
    failures,
    perSecond: sorted.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
  }
}
