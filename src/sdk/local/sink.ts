import type {Sink} from './attempt.ts'

/** Keeps the whole body, and makes `of` it. */
export function gathered<T>(of: (bytes: Buffer) => T): Sink<T> {
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

/** As UTF-8, without the mark that some put before it. */
export function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.codePointAt(0) === 0xfeff ? text.slice(1) : text
}
