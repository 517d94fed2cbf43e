import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

export type Target = 'reviews' | 'configurations' | 'manifests' | 'rules'

export interface Seed {
  /** The file, without its folder. */
  readonly name: string
  readonly bytes: Buffer
}

/** What the fuzzers start from: all that once broke something stands there too, and is tried as it is in every run. */
export function corpusOf(target: Target): readonly Seed[] {
  const folder = join(import.meta.dirname, 'corpus', target)
  return readdirSync(folder)
    .sort()
    .map((name) => ({name, bytes: readFileSync(join(folder, name))}))
}
