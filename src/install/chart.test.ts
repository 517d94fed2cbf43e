import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import manifest from '../../package.json' with {type: 'json'}
import {chartTexts} from './chart.ts'

const folder = join(import.meta.dirname, '../../manifests/helm/meshwright')

describe('manifests/helm/meshwright', () => {
  test.for([...chartTexts(manifest.version)])('%s is what the sources say', async ([file, text]) => {
    await expect(text).toMatchFileSnapshot(join(folder, file))
  })
})
