import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {installHadolint} from './hadolint.ts'

const root = join(import.meta.dirname, '..', '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const node: string = manifest.devDependencies.node

describe.each(['Dockerfile', 'examples/shop/Dockerfile'])('%s', (name) => {
  const text = readFileSync(join(root, name), 'utf8')

  test('has nothing that hadolint would change', {timeout: 120_000}, async ({skip}) => {
    const found = await installHadolint()
    if ('missing' in found) skip(found.missing)
    const program = 'program' in found ? found.program : ''
    const {status, stdout} = spawnSync(program, ['--failure-threshold', 'style', name], {
      cwd: root,
      encoding: 'utf8',
    })
    expect({status, stdout}).toEqual({status: 0, stdout: ''})
  })

  test('takes the Node that package.json pins, and has no digest of its own', () => {
    expect(text).toContain(`ARG NODE_VERSION=${node}\n`)
    expect(text).toContain(`/nodejs${node.split('.')[0]}-`)
    expect(text).toContain('ARG BUILD_DIGEST=\nARG RUNTIME_DIGEST=\n')
    expect(text).not.toMatch(/sha256:[0-9a-f]/)
  })
})

test('the image has the version of the package', () => {
  expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).toContain(`ARG VERSION=${manifest.version}\n`)
})
