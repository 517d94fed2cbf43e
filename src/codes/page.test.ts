import {join} from 'node:path'
import {expect, test} from 'vitest'
import {codesPage} from './page.ts'

test('docs/codes.md is the table of codes', async () => {
  await expect(codesPage()).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/codes.md'))
})
