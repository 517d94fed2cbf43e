import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {createServer, type Server} from 'node:http'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parseAllDocuments} from 'yaml'
import {referencePage} from '../../packaging/reference.ts'

// The blocks of a page, one after the other, are a program: it compiles against the package as it is built, runs in local
// mode beside a service that answers everything, and ends by itself. Needs `make build`.

const root = join(import.meta.dirname, '..', '..')
const docs = join(root, 'docs', 'sdk')

const blocksOf = (page: string, mark: string, from = docs) =>
  [...readFileSync(join(from, page), 'utf8').matchAll(new RegExp(`^\`\`\`${mark}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  )
/** What the few lines of the project's own page stand in. */
const aroundReadme = (lines: string) => `
import Fastify from 'fastify'
import {op} from 'meshwright'
import meshwright from 'meshwright/fastify'
const orderOperations = {createOrder: op<{userId: string; items: readonly string[]}, {id: string}>('POST /orders')}
${lines}
console.log(order.id)
await app.close()`

const programs = [
  ...readdirSync(docs)
    .filter((page) => page !== 'api.md')
    .map((page) => ({page, name: basename(page, '.md'), text: blocksOf(page, 'ts').join('\n')}))
    .filter(({text}) => text !== ''),
  {page: '../../README.md', name: 'project', text: aroundReadme(blocksOf('README.md', 'ts', root).join('\n'))},
]

let folder = ''
let service: Server
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshwright-snippets-'))
  mkdirSync(join(folder, 'node_modules', '@types'), {recursive: true})
  symlinkSync(root, join(folder, 'node_modules', 'meshwright'))
  for (const name of ['fastify', 'express', '@types/node', '@types/express']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({type: 'module', private: true}))
  for (const {name, text} of programs) {
    // A port that is free.
    const program = text.replace('app.listen({port: 3000})', 'app.listen({port: 0})')
    writeFileSync(join(folder, `${name}.ts`), `${program}\nexport {}\n`)
  }
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  }
  for (const {name} of programs) {
    // Each alone: what one page declares of a module is not another one's.
    writeFileSync(join(folder, `tsconfig.${name}.json`), JSON.stringify({compilerOptions, files: [`${name}.ts`]}))
  }
  service = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, {'content-type': 'application/json'}).end('{"id":"1","total":2}')
    })
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
})
afterAll(() => {
  service.closeAllConnections()
  service.close()
  rmSync(folder, {recursive: true, force: true})
})

const tool = (name: string) => join(root, 'node_modules', '.bin', name)

describe('the program of each page', () => {
  test('is found', () => {
    expect(programs.length).toBeGreaterThan(9)
  })

  test.each(programs)('$page compiles', ({name}) => {
    const args = ['-p', `tsconfig.${name}.json`]
    const {status, stdout} = spawnSync(tool('tsc'), args, {cwd: folder, encoding: 'utf8'})
    expect({status, stdout}).toEqual({status: 0, stdout: ''})
  })

  test.each(programs)('$page runs, says nothing on stderr, and ends', async ({name}) => {
    const address = service.address()
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    const versioned = (name: string) => `${name}@v1=${url},${name}@v2=${url}`
    const services = [`payment-service=${url}`, versioned('order-service'), versioned('product-service')].join()
    const child = spawn(process.execPath, [`${name}.ts`], {
      cwd: folder,
      env: {PATH: process.env['PATH'], MESHWRIGHT_SERVICES: services, MESHWRIGHT_MODE: 'local'},
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [code]: unknown[] = await once(child, 'close')
    expect({code, stderr, stdout}).toEqual({code: 0, stderr: '', stdout: expect.anything()})
  })
})

test('the quick start is ten lines', () => {
  const [first = ''] = blocksOf('README.md', 'ts')
  expect(first.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(10)
})

test.each(readdirSync(docs))('objects in %s are YAML', (page) => {
  for (const block of blocksOf(page, 'yaml')) {
    expect(parseAllDocuments(block).flatMap(({errors}) => errors)).toEqual([])
  }
})

test('docs/sdk/api.md is what the declarations say (npx vitest run test/docs/snippets.test.ts -u writes it anew)', async () => {
  await expect(await referencePage(join(root, 'dist', 'sdk'))).toMatchFileSnapshot(join(docs, 'api.md'))
})
