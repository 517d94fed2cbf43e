import {chmod, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {systemClock} from './clock.ts'
import {Credentials} from './credentials.ts'
import {readKubeconfig} from './kubeconfig.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
})

afterEach(() => rm(dir, {recursive: true}))

async function write(name: string, content: unknown): Promise<string> {
  const file = join(dir, name)
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

function config(name: string, user: object = {token: name}, cluster: object = {}) {
  return {
    'current-context': name,
    contexts: [{name, context: {cluster: name, user: name, namespace: `of-${name}`}}],
    clusters: [{name, cluster: {server: `https://${name}.example.com:6443/`, ...cluster}}],
    users: [{name, user}],
  }
}

const load = (source: Parameters<typeof Credentials.load>[0], root?: string) =>
  Credentials.load(source, systemClock, root)

test('the file that is named counts, else KUBECONFIG, else the one at home', async () => {
  await mkdir(join(dir, '.kube'))
  await write('.kube/config', config('home'))
  const named = await write('named', config('named'))
  const listed = await write('listed', config('listed'))
  const env = {HOME: dir, KUBECONFIG: listed}
  expect((await load({kubeconfig: named, env})).server).toBe('https://named.example.com:6443')
  expect((await load({env})).server).toBe('https://listed.example.com:6443')
  expect((await load({env: {HOME: dir}})).server).toBe('https://home.example.com:6443')
})

test('several files are merged: the first that names something wins, one that is not there is left out', async () => {
  const first = await write('first', config('first'))
  const second = await write('second', {...config('first', {token: 'other'}), ...config('second')})
  const again = await write('again', config('first', {token: 'other'}))
  const env = {KUBECONFIG: [join(dir, 'absent'), first, second, again].join(delimiter)}
  const {headers} = await (await load({env})).access()
  expect(headers).toEqual({authorization: 'Bearer first'})
  const other = await load({env, context: 'second'})
  expect(other.server).toBe('https://second.example.com:6443')
  expect(other.namespace).toBe('of-second')
})

test('paths are relative to the file, and a token file is read again', async () => {
  await write('ca.crt', 'an authority')
  await write('token', 'first\n')
  const file = await write('config', config('a', {tokenFile: 'token'}, {'certificate-authority': 'ca.crt'}))
  const credentials = await load({kubeconfig: file, env: {}})
  const access = await credentials.access()
  expect(access.headers).toEqual({authorization: 'Bearer first'})
  expect(access.tls.ca?.toString()).toBe('an authority')
  await write('token', 'second')
  credentials.renew()
  const renewed = await credentials.access()
  expect(renewed.headers).toEqual({authorization: 'Bearer second'})
  expect(renewed.connectionKey).toBe(access.connectionKey)
})

test('a context without a user trusts the authority of its cluster', async () => {
  const cluster = {'certificate-authority-data': Buffer.from('an authority').toString('base64')}
  const {users: _, ...rest} = config('a', {}, cluster)
  const contexts = [{name: 'a', context: {cluster: 'a'}}]
  const file = await write('config', {...rest, contexts})
  const {headers, tls} = await (await load({kubeconfig: file, env: {}})).access()
  expect(headers).toEqual({})
  expect(tls.ca?.toString()).toBe('an authority')
})

test('another certificate makes another connection', async () => {
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  const user = (cert: string) => ({'client-certificate-data': encoded(cert), 'client-key-data': encoded('key')})
  const keys = []
  for (const cert of ['one', 'one', 'two']) {
    const file = await write('config', config('a', user(cert)))
    keys.push((await (await load({kubeconfig: file, env: {}})).access()).connectionKey)
  }
  expect(keys[0]).toBe(keys[1])
  expect(keys[0]).not.toBe(keys[2])
})

test('an exec plugin beside the file is run, and told which cluster it is for', async () => {
  const plugin = `#!/bin/sh
printf '%s' "$KUBERNETES_EXEC_INFO" > "$(dirname "$0")/told"
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'
`
  await chmod(await write('plugin.sh', plugin), 0o755)
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './plugin.sh',
    interactiveMode: 'Never',
    provideClusterInfo: true,
  }
  const file = await write('config', config('a', {exec}))
  const {headers} = await (await load({kubeconfig: file, env: {}})).access()
  expect(headers).toEqual({authorization: 'Bearer from-plugin'})
  expect(JSON.parse(await readFile(join(dir, 'told'), 'utf8'))).toEqual({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {interactive: false, cluster: {server: 'https://a.example.com:6443/'}},
  })
})

test('a plugin that fails is named with what it said', async () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sh',
    args: ['-c', 'echo log in first >&2; exit 1'],
  }
  const file = await write('config', config('a', {exec}))
  const credentials = await load({kubeconfig: file, env: {}})
  await expect(credentials.access()).rejects.toThrow(
    'cannot get credentials for https://a.example.com:6443: log in first',
  )
})

test('a pod reads its service account', async () => {
  const account = join(dir, 'var/run/secrets/kubernetes.io/serviceaccount')
  await mkdir(account, {recursive: true})
  for (const [name, text] of Object.entries({token: 'of-the-pod', namespace: 'meshwright-system', 'ca.crt': 'ca'})) {
    await writeFile(join(account, name), text)
  }
  const {KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port} = process.env
  Object.assign(process.env, {KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443'})
  try {
    const credentials = await load({env: {KUBERNETES_SERVICE_HOST: '10.0.0.1'}}, dir)
    expect(credentials.server).toBe('https://10.0.0.1:443')
    expect(credentials.namespace).toBe('meshwright-system')
    expect((await credentials.access()).headers).toEqual({authorization: 'Bearer of-the-pod'})
  } finally {
    delete process.env['KUBERNETES_SERVICE_HOST']
    delete process.env['KUBERNETES_SERVICE_PORT']
    if (host !== undefined) process.env['KUBERNETES_SERVICE_HOST'] = host
    if (port !== undefined) process.env['KUBERNETES_SERVICE_PORT'] = port
  }
})

test.each([
  ['no file', {}, /^no cluster: give --kubeconfig/],
  ['not YAML', '{', /is not YAML/],
  ['no context of that name', config('a'), /has no context other; it has: a$/],
  ['a cluster without a server', {clusters: [{name: 'a', cluster: {}}]}, /is wrong at clusters\.0\.cluster\.server/],
  [
    'a context without its cluster',
    {...config('other'), clusters: []},
    /^context other names a cluster that the kubeconfig has not$/,
  ],
])('what cannot be used is said in a sentence: %s', async (what, content, message) => {
  if (what === 'no file') {
    await expect(load({env: {HOME: dir}})).rejects.toThrow(message)
    await expect(load({kubeconfig: join(dir, 'absent'), env: {}})).rejects.toThrow(
      /^cannot read the kubeconfig .*ENOENT/,
    )
    return
  }
  const file = await write('config', content)
  await expect(readKubeconfig({kubeconfig: file, context: 'other', env: {}})).rejects.toThrow(message)
})
