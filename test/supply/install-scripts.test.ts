import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const lock: {readonly packages: Record<string, LockedPackage>} = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8'),
)

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
}

const locked = Object.entries(lock.packages).filter(([path]) => path !== '')
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

describe('the lock file', () => {
  test('names no package with an install script that package.json does not answer for', () => {
    const scripted = locked.filter(([, {hasInstallScript}]) => hasInstallScript === true).map(([path]) => nameOf(path))
    expect([...new Set(scripted)].sort()).toEqual(Object.keys(manifest.allowScripts).sort())
  })

  test("lets no install script run but the pinned Node's", () => {
    const run = Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed === true)
    expect(run).toEqual([['node', true]])
  })

  test('holds every package to a digest, from the public registry', () => {
    for (const [path, {integrity, resolved}] of locked) {
      expect(integrity, path).toMatch(/^sha512-/)
      // Left out of the lock file by default here; where it stands, it is no other registry.
      expect(resolved ?? 'https://registry.npmjs.org/', path).toMatch(/^https:\/\/registry\.npmjs\.org\//)
    }
  })

  test('has the versions that package.json names, exactly', () => {
    for (const [name, version] of Object.entries(manifest.devDependencies)) {
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version)
    }
  })
})
