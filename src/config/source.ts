import {open} from 'node:fs/promises'
import {resolve} from 'node:path'
import type {ConfigProblem} from './problem.ts'
import {sizeLimit, type ConfigSource} from './read.ts'

export interface Sources {
  readonly sources: readonly ConfigSource[]
  readonly problems: readonly ConfigProblem[]
}

/** Where sources come from: `-` is standard input, other names start from `cwd`. */
export interface SourceIo {
  readonly cwd: string
  readonly stdin: AsyncIterable<unknown>
}

/** Reads configuration files, none of them further than the size that is allowed. Never rejects. */
export async function readSources(files: readonly string[], io: SourceIo): Promise<Sources> {
  const sources: ConfigSource[] = []
  const problems: ConfigProblem[] = []
  for (const file of files) {
    const name = file === '-' ? 'stdin' : file
    try {
      const bytes = file === '-' ? await drained(io.stdin) : await contents(resolve(io.cwd, file))
      sources.push({file: name, text: new TextDecoder('utf-8', {fatal: true}).decode(bytes)})
    } catch (error) {
      problems.push({code: 'MW4001', message: `cannot read ${name}: ${reason(error)}`})
    }
  }
  return {sources, problems}
}

async function contents(path: string): Promise<Buffer> {
  const handle = await open(path)
  try {
    return await drained(handle.createReadStream({autoClose: false}))
  } finally {
    await handle.close()
  }
}

/** One byte more than is allowed is enough to know; pipes and devices may have no end. */
async function drained(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    chunks.push(bytes)
    length += bytes.length
    if (length > sizeLimit) throw new Error('it is larger than 1 MiB')
  }
  return Buffer.concat(chunks)
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a directory'
  if (code === 'EACCES') return 'permission denied'
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text'
  return error.message
}
