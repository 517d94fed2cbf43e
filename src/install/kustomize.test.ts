import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import manifest from '../../package.json' with {type: 'json'}
import {manifestTexts} from './kustomize.ts'

const folder = join(import.meta.dirname, '../../manifests')
const texts = manifestTexts(manifest.version)

describe('manifests', () => {
  test.for([...texts])('%s is what the sources say', async ([file, text]) => {
    await expect(text).toMatchFileSnapshot(join(folder, file))
  })

  test.for(['rbac', 'kustomize'])('%s holds nothing else', (part) => {
    const there = readdirSync(join(folder, part), {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    expect(there.sort()).toEqual([...texts.keys()].filter((file) => file.startsWith(`${part}/`)).sort())
  })
})
