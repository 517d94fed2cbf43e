import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {root} from './harness.ts'

const launcher = join(root, 'bin/meshwright')

function launched(args: readonly string[], stdin = '') {
  const {status, stdout, stderr} = spawnSync(launcher, args, {encoding: 'utf8', cwd: root, input: stdin})
  return {status, stdout, stderr}
}

it('the launcher runs the bundle and passes on its exit code', () => {
  expect(launched(['version'])).toMatchObject({status: 0, stderr: ''})
  expect(launched(['inject', '-f', '-'], 'a: [')).toMatchObject({status: 1, stdout: ''})
  expect(launched(['injct'])).toMatchObject({status: 2, stdout: ''})
})

it('a reader that closes the pipe early is no error', async () => {
  const args = [
    'inject',
    '-f',
    'examples/shop',
    '--config',
    'examples/shop/mesh.yaml',
    '--mesh',
    'linkerd',
    '-o',
    'json',
  ]
  const child = spawn(launcher, args, {cwd: root, stdio: ['ignore', 'pipe', 'pipe']})
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  child.stdout.destroy()
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(stderr).not.toContain('EPIPE')
})

it('an unexpected error shows its stack only when asked', () => {
  const broken = {encoding: 'utf8', cwd: root, input: 'apiVersion: v1\n'} as const
  const quiet = spawnSync(launcher, ['inject', '-f', '/proc/self/mem'], broken)
  expect(quiet.status).toBe(1)
  expect(quiet.stderr).toMatch(/^meshwright: cannot read \/proc\/self\/mem: /)
  expect(quiet.stderr).not.toMatch(/^\s+at /m)
})

it('what is injected arrives whole, however slowly it is read', async () => {
  const shop = Array.from({length: 10}, () => ['-f', 'examples/shop']).flat()
  const args = ['inject', ...shop, '--config', 'examples/shop/mesh.yaml', '--mesh', 'linkerd']
  const child = spawn(launcher, args, {cwd: root, stdio: ['ignore', 'pipe', 'ignore']})
  let size = 0
  for await (const chunk of child.stdout) {
    size += chunk.length
    if (size < 300_000) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const whole = launched(['inject', '-f', 'examples/shop', '--config', 'examples/shop/mesh.yaml', '--mesh', 'linkerd'])
  expect(size).toBe(10 * (Buffer.byteLength(whole.stdout) + 4) - 4)
})
