import {readdir, readFile, stat} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'

export interface ManifestText {
  /** As the user would call it: the path given, or `stdin`. */
  readonly name: string
  readonly text: string
}

/** Bytes of all manifests of one run together. */
const sizeLimit = 32 * 1024 * 1024
const manifestName = /\.(ya?ml|json)$/

/**
 * Reads what `-f` names: files, `-` for stdin, directories (their .yaml, .yml and .json files in order of name; with
 * `recursive` those below too).
 */
export async function readManifests(paths: readonly string[], recursive: boolean, io: Io): Promise<ManifestText[]> {
  const texts: ManifestText[] = []
  let left = sizeLimit
  const take = (name: string, bytes: Buffer) => {
    left -= bytes.length
    if (left < 0) throw new Failure('the manifests are larger than 32 MiB together; give them in several runs')
    texts.push({name, text: decode(name, bytes)})
  }
  for (const path of paths) {
    if (path === '-') {
      take('stdin', await readAll(io.stdin, left))
      continue
    }
    for (const name of await filesOf(path, recursive, io.cwd)) take(name, await readOne(name, io.cwd))
  }
  return texts
}

async function filesOf(path: string, recursive: boolean, cwd: string): Promise<string[]> {
  const found = await stat(resolve(cwd, path)).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (!found.isDirectory()) return [path]
  const entries = await readdir(resolve(cwd, path), {withFileTypes: true})
  const files: string[] = []
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = join(path, entry.name)
    if (entry.isDirectory()) {
      if (recursive) files.push(...(await filesOf(below, true, cwd)))
    } else if (manifestName.test(entry.name)) files.push(below)
  }
  return files
}

async function readOne(name: string, cwd: string): Promise<Buffer> {
  const path = resolve(cwd, name)
  try {
    const {size} = await stat(path)
    if (size > sizeLimit) throw new Failure(`${name} is larger than 32 MiB`)
    return await readFile(path)
  } catch (error) {
    throw unreadable(name, error)
  }
}

async function readAll(stream: NodeJS.ReadableStream, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    chunks.push(bytes)
    if (size > limit) break
  }
  return Buffer.concat(chunks)
}

function unreadable(name: string, error: unknown): Failure {
  return error instanceof Failure ? error : new Failure(`cannot read ${name}: ${reasonOf(error)}`)
}

function decode(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch {
    throw new Failure(`${name} is not UTF-8 text`)
  }
}
