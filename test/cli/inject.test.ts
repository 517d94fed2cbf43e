import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {meshNames} from '../../src/mesh/mesh.ts'
import {containersOf, documentsOf, Folder, meshwright, root, templatesOf} from './harness.ts'

const sidecars = {istio: 'istio-proxy', linkerd: 'linkerd-proxy', consul: 'consul-dataplane'} as const
const shop = ['-f', 'examples/shop', '--config', 'examples/shop/mesh.yaml']

const deployment = `# head
apiVersion: apps/v1
kind: Deployment
metadata: {name: web} # the web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      # what runs
      containers:
      - name: web   # only one
        image: nginx
        securityContext: {runAsUser: 0101}
`

function namespace(labels: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {${labels}}}\n---\n`
}

function configMap(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`
}

/** Injects text from stdin for Istio, every pod as if it had opted in. */
function always(stdin: string, ...args: string[]) {
  return meshwright(['inject', '-f', '-', '--always', ...args], {stdin})
}

/** Written at injection for what the pod asked in neutral words; nobody can tell later that the user did not write it. */
const translated = new Set([
  'config.linkerd.io/skip-outbound-ports',
  'sidecar.istio.io/nativeSidecar',
  'traffic.sidecar.istio.io/excludeOutboundPorts',
])

/** Documents without what injection does not leave a trace of: Istio keeps the numbers of probes' ports, not their names. */
function tellable(text: string): unknown {
  const told = (key: string, value: unknown) => {
    if (value === null || translated.has(key)) return undefined
    return key === 'port' && value === 'http' ? 8080 : value
  }
  return JSON.parse(JSON.stringify(documentsOf(text), told))
}

describe.each(meshNames)('the shop on %s', (mesh) => {
  it.each([[], ['--env', 'development'], ['--env', 'staging'], ['--env', 'production']])(
    'gets a sidecar into every workload %s',
    async (...env) => {
      const {code, stdout, stderr} = await meshwright(['inject', ...shop, '--mesh', mesh, ...env])
      expect(stderr).not.toContain('×')
      expect(code).toBe(0)
      const templates = templatesOf(stdout)
      expect(templates).toHaveLength(8)
      for (const template of templates) expect(containersOf(template)).toContain(sidecars[mesh])
    },
  )

  it('keeps every comment, and all that it does not touch', async () => {
    const {stdout} = await meshwright(['inject', ...shop, '--mesh', mesh])
    const files = readdirSync(join(root, 'examples/shop')).filter(
      (name) => name.endsWith('.yaml') && name !== 'mesh.yaml',
    )
    const lines = files.flatMap((name) => readFileSync(join(root, 'examples/shop', name), 'utf8').split('\n'))
    const comments = lines.filter((line) => line.trim().startsWith('#'))
    expect(comments.length).toBeGreaterThan(8)
    for (const comment of comments) expect(stdout).toContain(comment.trim())
    const accounts = '\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: payment-service\n  namespace: shop\n'
    expect(stdout).toContain(accounts)
  })

  it('leaves nothing of what a controller writes on its pods', async () => {
    const {stdout} = await meshwright(['inject', ...shop, '--mesh', mesh])
    for (const trace of ['pod-template-hash', 'job-name', 'ownerReferences', 'generateName', '00000000-0000']) {
      expect(stdout).not.toContain(trace)
    }
  })

  it('is told what the mesh cannot follow, once and by its key', async () => {
    const {stderr} = await meshwright(['inject', ...shop, '--mesh', mesh])
    expect(stderr).toMatch(/^‼ configuration for /m)
    const told = stderr.match(/^ {2}MW300\d \S+: .+$/gm) ?? []
    expect(new Set(told).size).toBe(told.length)
    expect(told.join('\n')).toContain('mesh.sidecar.proxy.config.enableProfiling')
  })

  it('stays as it is when injected again', async () => {
    const once = await meshwright(['inject', ...shop, '--mesh', mesh])
    const again = await meshwright(['inject', '-f', '-', '--config', 'examples/shop/mesh.yaml', '--mesh', mesh], {
      stdin: once.stdout,
    })
    expect(again.code).toBe(0)
    expect(documentsOf(again.stdout)).toEqual(documentsOf(once.stdout))
  })

  it('comes back from uninject as it was, as far as that can be told', async () => {
    const injected = await meshwright(['inject', ...shop, '--mesh', mesh])
    const back = await meshwright(['uninject', '-f', '-'], {stdin: injected.stdout})
    expect(back.code).toBe(0)
    expect(back.stderr.match(new RegExp(`uninjected \\(${mesh}\\)`, 'g'))).toHaveLength(8)
    const untouched = await meshwright(['uninject', '-f', 'examples/shop'])
    expect(tellable(back.stdout)).toEqual(tellable(untouched.stdout))
  })
})

describe('what passes through', () => {
  it('is the same to the byte where nothing is injected', async () => {
    const stdin = `# licence\n---\n${deployment}---\n\n---\napiVersion: example.com/v1\nkind:   Odd  # spaces\nyes: no\n`
    const {stdout, stderr, code} = await meshwright(['inject', '-f', '-'], {stdin})
    expect(code).toBe(0)
    expect(stdout).toBe(
      `# licence\n---\n${deployment}---\napiVersion: example.com/v1\nkind:   Odd  # spaces\nyes: no\n`,
    )
    expect(stderr).toMatch(/^‼ deployment\/web not injected \(MW1\d{3}: .+\)$/m)
  })

  it('loses documents without apiVersion, and says so', async () => {
    const {stdout, stderr, code} = await always(`values: 1\n---\n${deployment}`)
    expect(code).toBe(0)
    expect(stderr).toContain('stdin:1: dropped, for it has no apiVersion')
    expect(stdout).not.toContain('values: 1')
  })

  it('keeps comments, order and octal numbers of what is injected', async () => {
    const {stdout} = await always(deployment)
    for (const kept of ['# head\n', '# the web', '# what runs\n', '- name: web # only one\n', 'runAsUser: 0101']) {
      expect(stdout).toContain(kept)
    }
    expect(Object.keys(documentsOf(stdout)[0] ?? {})).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
  })
})

describe('which templates are injected', () => {
  const template = {metadata: {labels: {app: 'web'}}, spec: {containers: [{name: 'web', image: 'nginx'}]}}
  const kinds = [
    ['apps/v1', 'Deployment'],
    ['apps/v1', 'ReplicaSet'],
    ['apps/v1', 'StatefulSet'],
    ['apps/v1', 'DaemonSet'],
    ['v1', 'ReplicationController'],
    ['batch/v1', 'Job'],
    ['argoproj.io/v1alpha1', 'Rollout'],
  ] as const

  it.each(kinds)('%s %s', async (apiVersion, kind) => {
    const {stdout, stderr, code} = await always(
      JSON.stringify({apiVersion, kind, metadata: {name: 'web'}, spec: {template}}),
    )
    expect(code).toBe(0)
    expect(stderr).toContain(`√ ${kind.toLowerCase()}/web injected (MW1001: --always stands for an opt-in of the pod)`)
    expect(templatesOf(stdout).flatMap(containersOf)).toContain('istio-proxy')
  })

  it('batch/v1 CronJob, and nothing outside its pod template', async () => {
    const cron = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: {name: 'nightly'},
      spec: {schedule: '@daily', jobTemplate: {spec: {template}}},
    }
    const {stdout} = await always(JSON.stringify(cron), '-o', 'json')
    const after = JSON.parse(stdout)
    expect(containersOf(after.spec.jobTemplate.spec.template)).toContain('istio-proxy')
    after.spec.jobTemplate.spec.template = template
    expect(after).toEqual(cron)
  })

  it('a Pod, and the items of Lists with their neighbours left alone', async () => {
    const pod = {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'web'}, spec: template.spec}
    const secret = {apiVersion: 'v1', kind: 'Secret', metadata: {name: 's'}, data: {}}
    const {stdout} = await always(JSON.stringify({apiVersion: 'v1', kind: 'List', items: [secret, pod]}), '-o', 'json')
    const {items} = JSON.parse(stdout)
    expect(items[0]).toEqual(secret)
    expect(containersOf(items[1])).toContain('istio-proxy')
    expect(items[1].metadata).toMatchObject({name: 'web'})
    expect(items[1].metadata).not.toHaveProperty('namespace')
  })

  it("what Istio writes of a Deployment's pod names the Deployment", async () => {
    const {stdout} = await always(deployment, '-n', 'shop')
    expect(stdout).toContain('kubernetes://apis/apps/v1/namespaces/shop/deployments/web')
  })

  it("what Linkerd writes of a Deployment's pod names the Deployment", async () => {
    const {stdout} = await always(deployment, '-n', 'shop', '--mesh', 'linkerd')
    expect(templatesOf(stdout)[0]?.metadata.labels).toMatchObject({
      'linkerd.io/proxy-deployment': 'web',
      'linkerd.io/workload-ns': 'shop',
    })
  })

  it('a Service gets its opaque ports on Linkerd', async () => {
    const stdin = `apiVersion: v1
kind: Namespace
metadata: {name: db, annotations: {config.linkerd.io/opaque-ports: "5432"}}
---
apiVersion: v1
kind: Service # the database
metadata: {name: db, namespace: db}
spec: {ports: [{port: 5432}]}
`
    const {stdout, stderr} = await meshwright(['inject', '-f', '-', '--mesh', 'linkerd'], {stdin})
    expect(stderr).toContain('√ service/db annotated')
    expect(documentsOf(stdout)[1]?.metadata.annotations).toMatchObject({'config.linkerd.io/opaque-ports': '5432'})
    expect(stdout).toContain('# the database')
  })
})

describe('who is injected', () => {
  it('the namespaces of the input say for their pods', async () => {
    const stdin = namespace('meshwright.dev/inject: enabled') + deployment
    const {stderr} = await meshwright(['inject', '-f', '-', '-n', 'shop'], {stdin})
    expect(stderr).toContain('√ deployment/web injected (MW1003')
  })

  it('those of --objects do where the input has none, and the input outranks them', async () => {
    using folder = new Folder()
    const objects = folder.write('objects.yaml', namespace('meshwright.dev/inject: disabled'))
    const args = ['inject', '-f', '-', '-n', 'shop', '--always', '--objects', objects]
    expect((await meshwright(args, {stdin: deployment})).stderr).toContain('not injected (MW1106')
    const stdin = namespace('meshwright.dev/inject: enabled') + deployment
    expect((await meshwright(args, {stdin})).stderr).toContain('injected (MW1003')
  })

  it('--always does not overrule an opt-out', async () => {
    const optedOut = deployment.replace('labels: {app: web}\n', 'labels: {app: web, meshwright.dev/inject: disabled}\n')
    const {stdout, stderr, code} = await always(optedOut)
    expect([code, stdout]).toEqual([0, optedOut])
    expect(stderr).toContain('not injected (MW1104')
  })

  it('--always overrules a default policy, not a switch on the namespace that keeps a webhook away', async () => {
    const optedOut = namespace('config.linkerd.io/admission-webhooks: disabled') + deployment
    const args = ['inject', '-f', '-', '-n', 'shop', '--always']
    expect((await meshwright([...args, '--mesh', 'linkerd'], {stdin: optedOut})).stderr).toContain(
      'not injected (MW1116',
    )
    expect((await meshwright([...args, '--mesh', 'linkerd'], {stdin: deployment})).stderr).toContain('injected (MW1001')
    expect((await meshwright(args, {stdin: namespace('istio-injection: disabled') + deployment})).stderr).toContain(
      'not injected (MW1107',
    )
  })

  it("a namespace's environment chooses its configuration", async () => {
    using folder = new Folder()
    const config = folder.write(
      'mesh.yaml',
      'mesh: {autoInject: true}\nenvironments: {edge: {mesh: {autoInject: false}}}\n',
    )
    const stdin = namespace('meshwright.dev/environment: edge') + deployment
    const {stderr} = await meshwright(['inject', '-f', '-', '-n', 'shop', '--config', config], {stdin})
    expect(stderr).toContain('not injected (MW1108')
  })

  it('MESHWRIGHT_ENV chooses the environment, and --env outranks it', async () => {
    using folder = new Folder()
    const config = folder.write(
      'mesh.yaml',
      'mesh: {autoInject: true}\nenvironments: {off: {mesh: {autoInject: false}}, on: {}}\n',
    )
    const args = ['inject', '-f', '-', '--config', config]
    const env = {MESHWRIGHT_ENV: 'off'}
    expect((await meshwright(args, {stdin: deployment, env})).stderr).toContain('MW1108')
    expect((await meshwright([...args, '--env', 'on'], {stdin: deployment, env})).stderr).toContain('MW1005')
    const unknown = await meshwright(args, {stdin: deployment, env: {MESHWRIGHT_ENV: 'of'}})
    expect(unknown).toMatchObject({code: 1, stdout: '', stderr: expect.stringContaining('unknown environment')})
  })
})

describe('what is refused', () => {
  it('one bad workload stops all output, whatever the format', async () => {
    const bad = deployment
      .replace('name: web}', 'name: bad}')
      .replace('labels: {app: web}\n', 'annotations: {meshwright.dev/proxy-cpu-limit: lots}\n')
    for (const format of ['yaml', 'json']) {
      const {stdout, stderr, code} = await always(`${deployment}---\n${bad}`, '-o', format)
      expect({stdout, code}).toEqual({stdout: '', code: 1})
      expect(stderr).toMatch(/^× deployment\/bad refused \(MW2003: .*proxy-cpu-limit is "lots".*\)\. /m)
      expect(stderr).toContain('√ deployment/web injected')
    }
  })

  it.each([
    ['a pod that is none', deployment.replace('- name: web ', '- nme: web '), 'MW2008'],
    ['labels that are a list', deployment.replace('labels: {app: web}\n', 'labels: [a]\n'), 'MW2008'],
    ['an alias', 'apiVersion: v1\na: &a [x]\nb: [*a, *a]\n', 'stdin:3:5: YAML aliases are not taken'],
    ['a key twice', 'apiVersion: v1\napiVersion: v1\n', 'stdin:2:1: the key "apiVersion" is here twice'],
    ['what is no YAML', 'apiVersion: [', 'stdin:1:'],
    ['deep nesting', `apiVersion: v1\na: ${'['.repeat(50_000)}`, 'nested deeper than 64 levels'],
  ])('%s, with its place', async (_, stdin, message) => {
    const {stdout, stderr, code} = await always(stdin)
    expect({stdout, code}).toEqual({stdout: '', code: 1})
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('names in a manifest cannot steer a terminal', async () => {
    const {stderr} = await always(deployment.replace('name: web}', 'name: "a\\e[2Jb"}'))
    expect(stderr).toContain('deployment/a\\u{1b}[2Jb')
    expect(stderr).not.toContain('\u{1b}')
  })

  it('keys that prototypes have do no harm', async () => {
    const stdin = deployment.replace('labels: {app: web}\n', 'labels: {app: web, __proto__: x, constructor: z}\n')
    const {code} = await always(stdin)
    expect(code).toBe(0)
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  it('nothing to read is a usage error', async () => {
    expect(await meshwright(['inject'])).toMatchObject({code: 2, stdout: ''})
    expect(await meshwright(['inject', '-f', 'nowhere.yaml'])).toMatchObject({
      code: 1,
      stderr: 'meshwright: cannot read nowhere.yaml: there is no such file or directory\n',
    })
  })
})

describe('directories', () => {
  it('are read in the order of names, other files left out, those below only with -R', async () => {
    using folder = new Folder()
    folder.write('b.yml', configMap('b'))
    folder.write('a.yaml', configMap('a'))
    folder.write('c.json', JSON.stringify({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'c'}}))
    folder.write('notes.txt', 'no: [yaml')
    mkdirSync(join(folder.path, 'below'))
    writeFileSync(join(folder.path, 'below/d.yaml'), configMap('d'))
    const names = async (...args: string[]) =>
      documentsOf((await meshwright(['inject', '-f', folder.path, ...args])).stdout).map(({metadata}) => metadata.name)
    expect(await names()).toEqual(['a', 'b', 'c'])
    expect(await names('-R')).toEqual(['a', 'b', 'd', 'c'])
  })
})

it('gives the code of the answer whatever the output', async () => {
  for (const format of ['yaml', 'json']) expect((await always(deployment, '-o', format)).code).toBe(0)
  expect((await always(deployment, '-o', 'xml')).code).toBe(2)
})
