import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {closeSync, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Process} from './kubelet.ts'

/** A running Envoy. */
export interface Proxy {
  /** What it has written so far to stdout and stderr. */
  output(): string
  /** Ends it and waits for it. */
  stop(): Promise<void>
}

/**
 * Starts a container's process with the given program in the place of the image's `envoy`. Its output goes to a file, for
 * Envoy opens /dev/stdout where istiod asks for an access log there, which the sockets that Node calls pipes do not allow.
 */
export function startProxy(program: string, {argv, env}: Process): Proxy {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-envoy-'))
  const file = join(folder, 'output')
  const out = openSync(file, 'a')
  const child = spawn(program, argv.slice(1), {env: Object.fromEntries(env), stdio: ['ignore', out, out]})
  closeSync(out)
  const ended = once(child, 'close')
  return {
    output: () => readFileSync(file, 'utf8'),
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, {recursive: true})
    },
  }
}

/** Runs the container's process as a check of its configuration. */
export async function validate(program: string, {argv, env}: Process): Promise<{code: number | null; output: string}> {
  const child = spawn(program, [...argv.slice(1), '--mode', 'validate'], {env: Object.fromEntries(env)})
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return {code, output}
}

/** The status that a URL answers with; undefined where nobody answers. */
export async function status(url: string, method = 'GET'): Promise<number | undefined> {
  return fetch(url, {method, signal: AbortSignal.timeout(2_000)}).then(
    async (response) => {
      await response.arrayBuffer()
      return response.status
    },
    () => undefined,
  )
}

/** Asks until the answer is the wanted one; the last answer after ten seconds. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const answer = await ask()
    if (wanted(answer) || Date.now() > deadline) return answer
    await sleep(50)
  }
}

/** Whether somebody listens there. */
export async function listens(host: string, port: number): Promise<boolean> {
  const socket = connect({host, port})
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
