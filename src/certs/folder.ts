import {mkdir, open, readdir, readFile, rename, rm} from 'node:fs/promises'
import {join} from 'node:path'
import type {KeyPair} from '../admission/tls.ts'

/** As Kubernetes names them in a Secret of type kubernetes.io/tls, with the authority beside them as cert-manager does. */
export const fileNames = {authority: 'ca.crt', authorityKey: 'ca.key', cert: 'tls.crt', key: 'tls.key'} as const

/** PEM texts by the file that they stand in. */
export type FolderTexts = {readonly [K in keyof typeof fileNames]?: string}

/** Rejects with the file system's error where one of the two cannot be read. */
export async function readKeyPair(folder: string): Promise<KeyPair> {
  const [cert, key] = await Promise.all([fileNames.cert, fileNames.key].map((name) => read(folder, name)))
  return {cert: cert ?? '', key: key ?? ''}
}

/** The authority's certificate; undefined where there is none in the folder. */
export function readAuthority(folder: string): Promise<string | undefined> {
  return readIfThere(folder, fileNames.authority)
}

/** The authority's key; undefined where it was not kept. */
export function readAuthorityKey(folder: string): Promise<string | undefined> {
  return readIfThere(folder, fileNames.authorityKey)
}

async function readIfThere(folder: string, name: string): Promise<string | undefined> {
  try {
    return await read(folder, name)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function read(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8')
}

/** Those of the files that are there already. */
export async function present(folder: string): Promise<readonly string[]> {
  const there = await readdir(folder).catch((error: unknown): string[] => {
    if (isMissing(error)) return []
    throw error
  })
  return Object.values(fileNames).filter((name) => there.includes(name))
}

/** Writes what a webhook and its clients need. A key of an authority that was there before is no longer anybody's. */
export async function writeFolder(folder: string, {cert, key}: KeyPair, authority: string): Promise<void> {
  await writeTexts(folder, {key, cert, authority})
  await rm(join(folder, fileNames.authorityKey), {force: true})
}

/**
 * Writes these files and leaves the others, each in one step: a reader finds the old or the new one, never half of it. A key is for
 * its owner alone, from the first byte.
 */
export async function writeTexts(folder: string, texts: FolderTexts): Promise<void> {
  await mkdir(folder, {recursive: true})
  const files = [
    {name: fileNames.authorityKey, text: texts.authorityKey, mode: 0o600},
    {name: fileNames.key, text: texts.key, mode: 0o600},
    {name: fileNames.cert, text: texts.cert, mode: 0o644},
    {name: fileNames.authority, text: texts.authority, mode: 0o644},
  ].flatMap(({name, text, mode}) => (text === undefined ? [] : {name, text, mode}))
  const fresh = (name: string) => join(folder, `.${name}.new`)
  try {
    for (const {name, text, mode} of files) await writeWhole(fresh(name), text, mode)
    for (const {name} of files) await rename(fresh(name), join(folder, name))
  } finally {
    await Promise.all(files.map(({name}) => rm(fresh(name), {force: true})))
  }
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  // What a broken run left behind may have another mode.
  await rm(path, {force: true})
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
