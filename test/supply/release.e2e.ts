import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {list} from 'tar'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

// Two releases out of two copies of the sources, in folders of different names.

const root = join(import.meta.dirname, '..', '..')
const {version} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const sources = ['bin', 'certs/README.md', 'manifests', 'packaging', 'src'].concat(
  readdirSync(root, {withFileTypes: true})
    .filter((entry) => entry.isFile() && entry.name !== '.git')
    .map(({name}) => name),
)

describe('a release', {timeout: 400_000}, () => {
  let folder = ''
  const made: string[] = []
  beforeAll(() => {
    mkdirSync(join(root, 'out'), {recursive: true})
    folder = mkdtempSync(join(root, 'out', 'release-test-'))
    const folders = ['one', 'another-one'].map((name) => join(folder, name))
    for (const each of folders) copySources(each)
    for (const each of folders) made.push(release(each))
  }, 400_000)
  afterAll(() => rmSync(folder, {recursive: true, force: true}))

  test('has the package, the chart, the bill of materials and the digest of each', () => {
    const [one = ''] = made
    const files = readdirSync(one)
    expect(files).toEqual(
      expect.arrayContaining([
        `meshwright-${version}.tgz`,
        `meshwright-chart-${version}.tgz`,
        `meshwright-${version}.cdx.json`,
        'SHA256SUMS',
      ]),
    )
    const sums = readFileSync(join(one, 'SHA256SUMS'), 'utf8').trim().split('\n')
    expect(sums).toEqual(
      files
        .filter((file) => file !== 'SHA256SUMS')
        .sort()
        .map((file) => `${digest(join(one, file))}  ${file}`),
    )
  })

  test('has the same bytes wherever and whenever it is made', () => {
    const [one = '', another = ''] = made
    expect(readFileSync(join(one, 'SHA256SUMS'), 'utf8')).toBe(readFileSync(join(another, 'SHA256SUMS'), 'utf8'))
  })

  test('knows nothing of the machine that made it', async () => {
    const [one = ''] = made
    const archive = join(one, `meshwright-${version}.tgz`)
    const entries: {path: string; mtime?: Date | undefined; uid?: number | undefined}[] = []
    const holders: string[] = []
    await list({
      file: archive,
      onReadEntry: (entry) => {
        entries.push({path: entry.path, mtime: entry.mtime, uid: entry.uid})
        entry.on('data', (chunk: Buffer) => {
          if (chunk.includes(folder)) holders.push(entry.path)
        })
      },
    })
    expect(holders).toEqual([])
    expect(entries.map(({path}) => path)).toEqual(
      expect.arrayContaining([
        'package/bin/meshwright',
        'package/dist/main.js',
        'package/dist/sbom.cdx.json',
        'package/dist/THIRD-PARTY-NOTICES.txt',
        'package/LICENSE',
      ]),
    )
    expect(new Set(entries.map(({mtime}) => mtime?.toISOString()))).toEqual(new Set(['1985-10-26T08:15:00.000Z']))
    expect(new Set(entries.map(({uid}) => uid))).toEqual(new Set([undefined]))
  })
})

function copySources(folder: string): void {
  mkdirSync(folder, {recursive: true})
  for (const name of sources) cpSync(join(root, name), join(folder, name), {recursive: true})
  // Hard links: the bundler would look through symbolic ones, and find the packages in one place for both.
  run('cp', ['-al', join(root, 'node_modules'), folder], folder)
}

function release(folder: string): string {
  run('node', ['packaging/release.ts', 'released'], folder)
  return join(folder, 'released')
}

function run(program: string, args: readonly string[], cwd: string): void {
  const {status, stderr} = spawnSync(program, args, {cwd, encoding: 'utf8'})
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`)
}

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
