import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync} from 'node:fs'
import {createServer, type RequestListener} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'
import {Folder, root} from './harness.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0
if (!hasPython) {
  if (process.env['CI'] === 'true') throw new Error('python3 is needed')
  process.stderr.write('skipped: python3 is not there\n')
}

const node = join(root, 'node_modules/node/bin/node')
const folder = new Folder()
const closers: (() => void)[] = []
afterAll(() => folder[Symbol.dispose]())
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

function dev(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(node, [join(root, 'src/main.ts'), 'dev', ...args], {
    cwd: folder.path,
    env: {...process.env, ...env},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = {stdout: '', stderr: ''}
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code]: unknown[]) => ({code, ...output}))
  return {child, output, ended}
}

/** Prints `status body` of each URL. */
const python = (...urls: readonly string[]) => [
  'python3',
  '-c',
  `import os, sys, urllib.request, urllib.error
os.environ['https_proxy'] = os.environ['http_proxy']
for url in sys.argv[1:]:
    try:
        with urllib.request.urlopen(url) as answer: print(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error: print(error.code, error.read().decode().strip())
    except urllib.error.URLError as error: print('failed', error.reason)`,
  ...urls,
]

const rules = `
apiVersion: meshwright.dev/v1alpha1
kind: TrafficPolicy
metadata: {name: order-service}
spec:
  service: order-service
  split: [{version: v1, weight: 0}, {version: v2, weight: 100}]
  routes: [{match: {pathPrefix: /old}, split: [{version: v1, weight: 100}]}]
  retries: {attempts: 2}
---
apiVersion: meshwright.dev/v1alpha1
kind: AccessPolicy
metadata: {name: orders}
spec: {destination: order-service, action: ALLOW, from: [{service: web}], methods: [GET]}
`

describe.skipIf(!hasPython)('meshwright dev', () => {
  beforeAll(() => {
    mkdirSync(join(folder.path, 'rules'))
    folder.write('rules/orders.yaml', rules)
  })

  it('has a process in Python call by the rules, as itself', async () => {
    const seen: string[] = []
    const v1 = await serve((_, response) => response.end('v1'))
    let count = 0
    const v2 = await serve((request, response) => {
      seen.push(`${request.url} ${String(request.headers['x-meshwright-caller'])}`)
      count++
      response.writeHead(count % 2 === 1 ? 503 : 200).end('v2')
    })
    const services = `order-service@v1=http://127.0.0.1:${v1},order-service@v2=http://127.0.0.1:${v2}`
    const {ended} = dev(
      [
        '-f',
        'rules',
        '--service',
        'web',
        '--',
        ...python('http://order-service/a?q=1', 'http://order-service.default/old'),
      ],
      {MESHWRIGHT_SERVICES: services},
    )
    expect(await ended).toEqual({code: 0, stdout: '200 v2\n200 v1\n', stderr: ''})
    expect(seen).toEqual(['/a?q=1 web.default', '/a?q=1 web.default'])
  })

  it('hands several cookies on as several', async () => {
    const port = await serve((_, response) =>
      response.writeHead(200, {'set-cookie': ['sid=1; HttpOnly', 'csrf=2']}).end(),
    )
    const program = `import urllib.request
print(urllib.request.urlopen('http://order-service/').headers.get_all('set-cookie'))`
    const {ended} = dev(['--', 'python3', '-c', program], {
      MESHWRIGHT_SERVICES: `order-service=http://127.0.0.1:${port}`,
    })
    expect(await ended).toMatchObject({code: 0, stdout: "['sid=1; HttpOnly', 'csrf=2']\n"})
  })

  it('refuses other hosts and HTTPS with a sentence, and says which process is missing', async () => {
    folder.write('services.yaml', 'order-service: {url: "http://127.0.0.1:1", version: v2}\n')
    const {ended} = dev([
      '--services',
      'services.yaml',
      '--',
      ...python('http://example.com/', 'https://order-service/', 'http://order-service/'),
    ])
    const {code, stdout} = await ended
    expect(code).toBe(0)
    const [other, https, closed] = stdout.split('\n')
    expect(other).toMatch(/^403 meshwright dev: example\.com is no service .*known are order-service.*--services/)
    expect(https).toMatch(/^failed .*403/)
    expect(closed).toMatch(/^503 meshwright dev: default\/order-service could not be reached/)
  })

  it('turns callers away on the inbound port, as the AccessPolicies say', async () => {
    const application = await serve((_, response) => response.end('mine'))
    const free = await serve(() => undefined)
    closers.pop()?.()
    const {ended} = dev([
      '-f',
      'rules',
      '--service',
      'order-service',
      '--inbound',
      `${free}:${application}`,
      '--',
      'python3',
      '-c',
      `import urllib.request, urllib.error
def ask(method, headers):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request('http://127.0.0.1:${free}/x', method=method, headers=headers)
    try: return opener.open(request).status
    except urllib.error.HTTPError as error: return error.code
web = {'x-meshwright-caller': 'web.default'}
print(ask('GET', web), ask('POST', web), ask('GET', {}))`,
    ])
    expect(await ended).toMatchObject({code: 0, stdout: '200 403 403\n'})
  })

  it("ends with the command's exit code, or as the signal that it hands on has it", async () => {
    expect((await dev(['--', 'python3', '-c', 'raise SystemExit(7)']).ended).code).toBe(7)
    const {child, output, ended} = dev([
      '--',
      'python3',
      '-u',
      '-c',
      `import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
print('ready')
time.sleep(60)`,
    ])
    for (let i = 0; i < 200 && output.stdout === ''; i++) await sleep(50)
    child.kill('SIGTERM')
    expect((await ended).code).toBe(3)
    const killed = dev(['--', 'python3', '-c', 'import os; os.kill(os.getpid(), 9)'])
    expect((await killed.ended).code).toBe(137)
  })

  it('says what is wrong before it runs anything', async () => {
    expect(await dev(['--', 'no-such-program']).ended).toMatchObject({
      code: 1,
      stderr: 'meshwright: cannot run no-such-program: there is no such file or directory\n',
    })
    const wrong = dev(['--', 'true'], {MESHWRIGHT_SERVICES: 'a=http://x,c'})
    expect(await wrong.ended).toMatchObject({code: 2, stderr: expect.stringContaining('MESHWRIGHT_SERVICES')})
  })
})
