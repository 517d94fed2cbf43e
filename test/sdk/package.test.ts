import {execFile} from 'node:child_process'
import {mkdir, mkdtemp, readdir, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {sharedFolder} from '../shared.ts'
import {ownSamples, samplesIn} from './samples.ts'

// What users get: the package as npm packs it, in a project of theirs. Needs `make build`.

const root = join(import.meta.dirname, '..', '..')
const execute = promisify(execFile)
const tool = (name: string) => join(root, 'node_modules', '.bin', name)

async function run(program: string, args: readonly string[], cwd: string, env: object = {}): Promise<string> {
  try {
    const {stdout} = await execute(program, args, {cwd, env: {PATH: process.env['PATH'], HOME: folder, ...env}})
    return stdout
  } catch (error) {
    const {stdout = '', stderr = ''} = error as {stdout?: string; stderr?: string}
    throw new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`, {cause: error})
  }
}

let folder = ''
let project = ''
let tarball = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshwright-package-'))
  project = join(folder, 'application')
  await mkdir(project)
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root)
  const found = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? ''
  tarball = join(folder, found)
  await writeFile(join(project, 'package.json'), JSON.stringify({name: 'application', type: 'module', private: true}))
  // No registry: the package has no dependencies of its own.
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], project)
  for (const name of ['fastify', 'express', '@types/express', '@types/node']) {
    await mkdir(join(project, 'node_modules', name, '..'), {recursive: true})
    await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name))
  }
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
        allowImportingTsExtensions: true,
        types: ['node'],
      },
      include: ['*.ts'],
    }),
  )
})
afterAll(() => rm(folder, {recursive: true, force: true}))

const compile = () => run(tool('tsc'), ['-p', 'tsconfig.json'], project)

/** Writes the one program of the project, compiles it, and gives what it prints. */
async function program(text: string, env: object = {}): Promise<string> {
  await writeFile(join(project, 'main.ts'), text)
  await compile()
  return run(tool('node'), ['main.ts'], project, env)
}

const contract = `
import {op, type Mesh} from 'meshwright'

export interface Order { readonly id: string; readonly total: number }
export const orderOperations = {
  createOrder: op<{userId: string; items: readonly string[]; total: number}, Order>('POST /orders'),
  getOrder: op<{id: string}, Order>('GET /orders/{id}'),
}
export const paymentOperations = {
  processPayment: op<{orderId: string; amount: number}, {id: string}>('POST /payments'),
}
declare module 'meshwright' {
  interface MeshServices {
    'order-service': typeof orderOperations
    'payment-service': typeof paymentOperations
  }
}
export const operations = {'order-service': orderOperations, 'payment-service': paymentOperations}

export function surface(app: {readonly mesh: Mesh}): void {
  app.mesh.registerService({name: 'user-service', version: 'v1.0.0', port: 8080, protocol: 'http', tags: ['a'],
    metadata: {team: 'a'}, healthCheck: {path: '/healthz', interval: '10s', timeout: '1s'}, operations: {ping: op('GET /ping')}})
  app.mesh.trafficManager().destination('product-service', 'v1').weight(80).to('product-service', 'v2').timeout('5s').retries(3).register()
  app.mesh.metrics().service('user-service').namespace('default').interval('10s').report(m => console.error(m.requests, m.latency.p95))
  app.mesh.on('metric', m => console.error(m.name, m.value)); app.mesh.on('trace', t => console.error(t.id, t.duration))
  app.mesh.enableCanaryRelease('product-service', 'v2', 10)
  app.mesh.enableCircuitBreaker('payment-service', {threshold: 5, timeout: '30s', recovery: '60s'})
}
`

/** The whole of the samples in an application of each framework, with servers beside it, in TypeScript. */
function application(framework: 'fastify' | 'express'): string {
  const shared = sharedFolder()
  const {register, traffic, metrics, calls, canary, events, simple} =
    shared === undefined ? ownSamples : samplesIn(shared)
  const pasted = [register, traffic, metrics, canary, events, simple].join(';\n')
  const options = `{operations, services: {'order-service': [{url, version: 'v1.0.0'}, {url, version: 'v1.1.0'}], 'payment-service': url}}`
  const head = `
    import {createServer} from 'node:http'
    import {once} from 'node:events'
    import type {AddressInfo} from 'node:net'
    import {operations, surface} from './contract.ts'
    const asked: string[] = []
    const shop = createServer((req, res) => {
      asked.push(req.method + ' ' + req.url)
      req.resume().once('end', () => res.writeHead(200, {'content-type': 'application/json'}).end('{"id":"1","total":2}'))
    }).listen(0, '127.0.0.1')
    await once(shop, 'listening')
    const url = 'http://127.0.0.1:' + (shop.address() as AddressInfo).port`
  const tail = (at: string, close: string) => `
    await app.mesh.ready()
    const response = await fetch(${at}, {method: 'POST', headers: {'content-type': 'application/json'}, body: '{"items":["a"],"total":2}'})
    const answer = await response.json()
    ${close}
    await app.mesh.close()
    shop.close()
    process.stdout.write(JSON.stringify({mode: app.mesh.mode, answer, asked}))`
  if (framework === 'fastify') {
    return `${head}
    import Fastify from 'fastify'
    import meshwright from 'meshwright/fastify'
    declare module 'fastify' { interface FastifyRequest { user: {id: string} } }
    const app = Fastify()
    await app.register(meshwright, ${options})
    app.decorateRequest('user', {getter: () => ({id: 'u'})})
    surface(app)
    ${pasted}
    app.post<{Body: {items: string[]; total: number}}>('/', async (req) => {
      ${calls}
      return {order, payment}
    })
    const at = await app.listen({host: '127.0.0.1', port: 0})
    ${tail('at', 'await app.close()')}`
  }
  return `${head}
    import express from 'express'
    import {meshwright} from 'meshwright/express'
    declare global { namespace Express { interface Request { user: {id: string} } } }
    const app = express()
    meshwright(app, ${options})
    app.use(express.json())
    app.use((req, _res, next) => { req.user = {id: 'u'}; next() })
    surface(app)
    ${pasted}
    app.post('/', async (req, res) => {
      ${calls}
      res.json({order, payment})
    })
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ${tail("'http://127.0.0.1:' + (server.address() as AddressInfo).port", 'server.close()')}`
}

describe('the package', () => {
  test.each(['fastify', 'express'] as const)(
    'compiles and runs in a %s application of its own, and lets the process end',
    async (framework) => {
      await writeFile(join(project, 'contract.ts'), contract)
      const printed = await program(application(framework))
      // The samples print as well.
      expect(JSON.parse(printed.slice(printed.lastIndexOf('\n') + 1))).toEqual({
        mode: 'local',
        answer: {order: {id: '1', total: 2}, payment: {id: '1', total: 2}},
        asked: ['POST /orders', 'POST /payments'],
      })
    },
  )

  test('refuses wrong calls of a service whose operations are declared', async () => {
    await writeFile(join(project, 'contract.ts'), contract)
    const text = (call: string) => `
      import {createMesh} from 'meshwright'
      import {operations} from './contract.ts'
      const app = {mesh: createMesh({operations})}
      ${call}
      await app.mesh.close()`
    await program(text(`void (() => app.mesh.getService('order-service').getOrder({id: '1'}))`))
    await expect(program(text(`void (() => app.mesh.getService('order-service').getOrder({}))`))).rejects.toThrow(
      'TS2741',
    )
    await expect(program(text(`void (() => app.mesh.getService('order-service').cancel())`))).rejects.toThrow('TS2339')
    await expect(program(text(`app.mesh.registerService({name: 'a'})`))).rejects.toThrow('TS2741')
  })

  test('has fakes for tests, and types for configurations', async () => {
    await writeFile(join(project, 'contract.ts'), contract)
    const printed = await program(`
      import {defineConfig, MeshHttpError} from 'meshwright'
      import {answer, createTestMesh} from 'meshwright/testing'
      import './contract.ts'
      const configuration = defineConfig({
        mesh: {type: 'linkerd', trafficManagement: {enableBypass: true}, telemetry: {samplingRate: 0.1}},
        environments: {development: {mesh: {telemetry: {samplingRate: 1, metrics: null}}}},
      })
      const mesh = createTestMesh({configuration, environment: 'development', fakes: {'order-service': {
        createOrder: (input: {total: number}) => input.total > 100 ? answer(402, {reason: 'too much'}) : {id: 'o', total: input.total},
      }}})
      const orders = mesh.getService('order-service')
      const order = await orders.createOrder({userId: 'u', items: [], total: 5})
      const error = await orders.createOrder({userId: 'u', items: [], total: 500}).catch((reason: unknown) => reason)
      mesh.enableCircuitBreaker('order-service', {threshold: 5})
      await mesh.ready()
      console.log(JSON.stringify({
        order, status: error instanceof MeshHttpError && error.status, calls: mesh.calls.map(({operation}) => operation), rules: mesh.rules.length,
      }))
      await mesh.close()`)
    expect(JSON.parse(printed)).toEqual({
      order: {id: 'o', total: 5},
      status: 402,
      calls: ['createOrder', 'createOrder'],
      rules: 1,
    })
  })

  test('loads neither the command line nor a Kubernetes client where there is no cluster', async () => {
    const printed = await program(
      `
      import {registerHooks} from 'node:module'
      const loaded: string[] = []
      registerHooks({load(url, context, next) {
        const result = next(url, context)
        loaded.push(url + ' ' + (typeof result.source === 'string' ? result.source : new TextDecoder().decode(result.source ?? undefined)))
        return result
      }})
      const {createMesh} = await import('meshwright')
      const mesh = createMesh()
      mesh.enableCircuitBreaker('a', {threshold: 1})
      await mesh.ready()
      await mesh.close()
      const own = loaded.filter((text) => text.includes('/meshwright/'))
      console.log(JSON.stringify({
        own: own.length > 0,
        client: own.filter((text) => /node_modules\\/@kubernetes\\/client-node/.test(text)).length,
        commander: own.filter((text) => /node_modules\\/commander/.test(text)).length,
        cli: own.filter((text) => /\\/\\/ src\\/cli\\//.test(text)).length,
      }))`,
    )
    expect(JSON.parse(printed)).toEqual({own: true, client: 0, commander: 0, cli: 0})
  })

  test('is what publint and attw take for a good package', async () => {
    expect(await run(tool('publint'), ['run', tarball, '--strict'], project)).toContain('All good!')
    const told = await run(
      tool('attw'),
      [tarball, '--config-path', join(root, '.attw.json'), '--format', 'json'],
      project,
    )
    expect(JSON.parse(told)).toMatchObject({analysis: {packageName: 'meshwright', types: {kind: 'included'}}})
  })
})
