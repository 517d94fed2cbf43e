import {join} from 'node:path'
import {expect, test} from 'vitest'
import {referencePage} from './page.ts'

test('docs/configuration-reference.md tells of every key', async () => {
  await expect(referencePage()).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/configuration-reference.md'))
})
