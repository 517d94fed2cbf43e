import {existsSync} from 'node:fs'
import {resolve} from 'node:path'
import {describe, test} from 'vitest'

/** The reference material beside the project (`../shared`): samples and conformance cases; undefined where it is not. */
export function sharedFolder(): string | undefined {
  const folder = resolve(import.meta.dirname, '..', '..', 'shared')
  return existsSync(folder) ? folder : undefined
}

/** Tests that need that material. Without it they are skipped in one line, and fail where CI=true promises it. */
export function needsShared(name: string, tests: (folder: string) => void): void {
  const folder = sharedFolder()
  if (folder !== undefined) {
    describe(name, () => tests(folder))
    return
  }
  const missing = `${name}: the folder ../shared is missing`
  if (process.env['CI'] !== 'true') test.skip(missing)
  else {
    test(name, () => {
      throw new Error(missing)
    })
  }
}
