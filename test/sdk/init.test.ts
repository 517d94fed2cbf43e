import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {meshwright, root} from '../cli/harness.ts'

// The applications that `init` makes run on the package as it is built: needs `make build`.

let folder = ''
const running: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshwright-init-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'meshwright'))
  for (const name of ['fastify', 'express']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
})
afterEach(async () => {
  for (const child of running.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
})

const project = (about: object) => writeFileSync(join(folder, 'package.json'), JSON.stringify({name: 'shop', ...about}))
const init = (...args: string[]) => meshwright(['init', ...args], {cwd: folder})
const text = (file: string) => readFileSync(join(folder, file), 'utf8')

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Starts a file as its user would, asks it, and stops it: what it answered, printed and ended with. */
async function start(file: string): Promise<{answer: unknown; stderr: string; code: unknown}> {
  const port = await freePort()
  const env = {PATH: process.env['PATH'], PORT: String(port), NODE_ENV: 'development'}
  const child = spawn(process.execPath, [file], {cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe']})
  running.push(child)
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  let answer: unknown
  for (let i = 0; i < 200 && answer === undefined && child.exitCode === null; i++) {
    answer = await fetch(`http://127.0.0.1:${port}/healthz`, {headers: {connection: 'close'}}).then(
      (response) => response.json(),
      () => sleep(100),
    )
  }
  const ended = once(child, 'exit')
  if (child.exitCode === null) child.kill('SIGTERM')
  const [code]: unknown[] = child.exitCode === null ? await ended : [child.exitCode]
  return {answer, stderr, code}
}

const well = {answer: {ok: true}, stderr: '', code: 0}

describe('in an empty project', () => {
  test.each([
    ['Fastify', {type: 'module', dependencies: {fastify: '5'}}, 'server.js', "from 'meshwright/fastify'"],
    ['Express', {type: 'module', dependencies: {express: '5'}}, 'server.js', "from 'meshwright/express'"],
    ['something else', {type: 'module', dependencies: {koa: '3'}}, 'server.js', 'createServer'],
    ['CommonJS', {dependencies: {express: '5'}}, 'server.mjs', "from 'meshwright/express'"],
    ['TypeScript', {type: 'module', dependencies: {fastify: '5'}, devDependencies: {typescript: '7'}}, 'server.ts', ''],
  ])('of %s it writes a configuration and a server that runs', async (_, about, file, part) => {
    project(about)
    const {code, stderr} = await init()
    expect({code, stderr}).toEqual({
      code: 0,
      stderr: `wrote mesh.yaml\nwrote ${file}\nnext: npm install meshwright\nthen: NODE_ENV=development node ${file}\n`,
    })
    expect(text(file)).toContain(part)
    expect(await start(file)).toEqual(well)
  })
})

describe('in a project that has a server', () => {
  const fastify = (lines: string, load: string) => `${load}
const app = Fastify()
${lines}
app.get('/healthz', () => ({ok: app.mesh.mode === 'local'}))
app.listen({port: Number(process.env.PORT)})
process.once('SIGTERM', () => app.close())
`
  const express = (lines: string, load: string) => `${load}
const app = express()
${lines}
app.get('/healthz', (_, response) => response.json({ok: app.mesh.mode === 'local'}))
const server = app.listen(Number(process.env.PORT))
process.once('SIGTERM', () => server.close(() => mesh.close()))
`
  test.each([
    ['a Fastify module', {type: 'module', dependencies: {fastify: '5'}}, fastify, "import Fastify from 'fastify'"],
    ['a Fastify script', {dependencies: {fastify: '5'}}, fastify, "const Fastify = require('fastify')"],
    ['an Express module', {type: 'module', dependencies: {express: '5'}}, express, "import express from 'express'"],
    ['an Express script', {dependencies: {express: '5'}}, express, "const express = require('express')"],
  ])('it prints lines that run in %s, and leaves it alone', async (_, about, application, load) => {
    project({...about, main: 'app.js'})
    writeFileSync(join(folder, 'app.js'), '// mine')
    const {code, stdout, stderr} = await init()
    expect({code, stderr}).toEqual({code: 0, stderr: expect.stringContaining('add to app.js:\n')})
    expect(text('app.js')).toBe('// mine')
    writeFileSync(join(folder, 'app.js'), application(stdout, load))
    expect(await start('app.js')).toEqual(well)
  })
})

test('the configuration is one that the command line and the SDK read alike', async () => {
  project({name: '@shop/Order_Service', dependencies: {fastify: '5'}})
  await init('--mesh', 'linkerd', '-o', 'config/mesh.yaml')
  expect(text('server.mjs')).toContain("name: 'order-service'")
  expect(text('server.mjs')).toContain("configuration: 'config/mesh.yaml'")
  const args = ['config', 'render', '--config', 'config/mesh.yaml', '--env', 'development']
  const {code, stdout} = await meshwright(args, {cwd: folder})
  expect({code, stdout}).toEqual({code: 0, stdout: expect.stringContaining('enableBypass: true')})
  expect(stdout).toContain('type: linkerd')
})

test('nothing that is there is overwritten without --force, and a server never', async () => {
  project({dependencies: {express: '5'}})
  writeFileSync(join(folder, 'mesh.yaml'), 'mine')
  writeFileSync(join(folder, 'server.mjs'), 'mine')
  expect(await init()).toEqual({
    code: 1,
    stdout: '',
    stderr: 'meshwright: mesh.yaml is there already; --force overwrites it, -o writes elsewhere\n',
  })
  expect((await init('--force')).code).toBe(0)
  expect(text('mesh.yaml')).toContain('environments:')
  expect(text('server.mjs')).toBe('mine')
})

test('--dry-run prints both files and writes neither', async () => {
  project({dependencies: {express: '5'}})
  const {code, stdout} = await init('--dry-run')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^# mesh\.yaml\n[^]*\n# server\.mjs\n/)
  expect([existsSync(join(folder, 'mesh.yaml')), existsSync(join(folder, 'server.mjs'))]).toEqual([false, false])
})

test.each([
  ['no package.json', undefined, 'there is no such file or directory; run npm init first'],
  ['a package.json that is none', 'x', 'is no package.json'],
])('%s is told', async (_, content, reason) => {
  if (content !== undefined) writeFileSync(join(folder, 'package.json'), content)
  expect(await init()).toEqual({code: 1, stdout: '', stderr: expect.stringContaining(reason)})
})
