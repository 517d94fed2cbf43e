import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {definitionTexts} from './definition.ts'

const folder = join(import.meta.dirname, '../../manifests/crd')

describe('manifests/crd', () => {
  test.for([...definitionTexts()])('%s is what the schemas say', async ([file, text]) => {
    await expect(text).toMatchFileSnapshot(join(folder, file))
  })
})
