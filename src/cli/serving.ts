import type {Server} from 'node:http'
import {readFile} from 'node:fs/promises'
import {bufferedSink, type LogSink} from '../obs/log.ts'
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'

/** Where the log of a command goes that runs until it is told to stop. */
export function sinkOf({stderr}: Io): LogSink {
  return 'fd' in stderr && typeof stderr.fd === 'number' ? bufferedSink(stderr.fd) : stderr
}

/** Resolves at the first signal; a second one ends the process at once. */
export function untilStopped({lifetime}: Io): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>()
  let told = false
  lifetime?.onStop(() => {
    if (told) lifetime.exit(1)
    told = true
    resolve()
  })
  return promise
}

/** Resolves with the port once the server takes connections. @throws Failure where it cannot */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  const bound = Promise.withResolvers<void>()
  server.once('error', bound.reject).listen(port, host, bound.resolve)
  await bound.promise.catch((error: unknown) => {
    throw new Failure(`cannot listen on ${host}:${port}: ${reasonOf(error)}`)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

/** Takes no connections any more and ends those that there are. */
export function hangUp(server: Server): void {
  server.close()
  server.closeAllConnections()
}

/** In files as they are mounted into every container; where there is none, as the manifests have it. */
export async function ownNamespace(): Promise<string> {
  try {
    return (await readFile('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8')).trim()
  } catch {
    return 'meshwright-system'
  }
}
