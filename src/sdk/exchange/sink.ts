import type {Incoming, Outgoing} from '../transport.ts'
import type {Head, Sink} from './attempt.ts'
import {decoded} from './encoding.ts'

/** Keeps the whole body, and makes `of` it. */
function gathered<T>(of: (bytes: Buffer) => T): Sink<T> {
  const chunks: Buffer[] = []
  return {
    data(chunk) {
      chunks.push(chunk)
      return true
    },
    end() {
      const [only = Buffer.alloc(0)] = chunks
      return of(chunks.length <= 1 ? only : Buffer.concat(chunks))
    },
  }
}

/** The whole answer to `outgoing`, its body as text or as bytes, without its content codings. */
export function answered(
  {binary}: Outgoing,
  {status, headers}: Head,
  from: Pick<Incoming, 'url' | 'attempts'>,
): Sink<Incoming> {
  return gathered((received) => {
    const bytes = decoded(received, headers['content-encoding'])
    const content = binary === true ? {text: '', bytes: new Uint8Array(bytes)} : {text: textOf(bytes)}
    return {status, headers, ...content, url: from.url, attempts: from.attempts}
  })
}

/** As UTF-8, without the mark that some put before it. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.codePointAt(0) === 0xfeff ? text.slice(1) : text
}
