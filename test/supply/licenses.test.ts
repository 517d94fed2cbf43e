import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import satisfies from 'spdx-satisfies'
import {expect, test} from 'vitest'
import {readInventory} from '../../packaging/inventory.ts'

// What is shipped is the bundle: its bill of materials names every package in it. Needs `make build`.

const root = join(import.meta.dirname, '..', '..')
/** Licenses that ask for no more than their text, which THIRD-PARTY-NOTICES.txt carries. */
const allowed = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Unlicense']

test('every package of the bundle has a license that may be shipped under Apache 2.0', async () => {
  const packages = await readInventory(join(root, 'dist/sbom.cdx.json'))
  expect(packages.map(({name}) => name)).toEqual(expect.arrayContaining(['fastify', 'zod', 'undici', 'yaml']))
  const refused = packages.filter(({license}) => license === '' || !satisfies(license, allowed))
  expect(refused.map(({name, version, license}) => `${name} ${version}: ${license || 'no license'}`)).toEqual([])
})

test('the bundle carries the license texts of what is in it', async () => {
  const packages = await readInventory(join(root, 'dist/sbom.cdx.json'))
  const notices = readFileSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8')
  for (const {name, version, texts} of packages) {
    expect(notices).toContain(`${name} ${version} (`)
    for (const text of texts) expect(notices).toContain(text.trim())
  }
})

test('nothing that only builds or tests is in the bundle', async () => {
  const names = (await readInventory(join(root, 'dist/sbom.cdx.json'))).map(({name}) => name)
  for (const name of ['typescript', 'vitest', 'fast-check', 'esbuild', 'node']) expect(names).not.toContain(name)
})
