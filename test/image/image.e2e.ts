import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createServer, type AddressInfo} from 'node:net'
import {dirname, join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {writeFolder} from '../../src/certs/folder.ts'
import {authority, call, eventually, keyPair} from '../admission/harness.ts'
import {WebhookProcess} from '../admission/webhook-process.ts'
import {commandOf, runStages, type Stage} from './stages.ts'

// No container engine: what the stages of each Dockerfile do is done in clean directories, and what comes of it is started. The base images themselves, and the layers on top of them, are not tried here.

const root = join(import.meta.dirname, '..', '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const dockerfiles = ['Dockerfile', 'examples/shop/Dockerfile']
const uid = 65_532

/** As the image's user where this process may become it. */
function asItsUser(command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return command
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...command]
}

describe('what the stages make', () => {
  const made = new Map<string, Stage>()
  beforeAll(() => {
    for (const name of dockerfiles) made.set(name, runStages(root, join(root, name)))
  }, 400_000)
  afterAll(() => {
    for (const {root} of made.values()) rmSync(dirname(root), {recursive: true, force: true})
  }, 120_000)
  const stageOf = (name: string): Stage => {
    const stage = made.get(name)
    if (stage === undefined) throw new Error(`${name} was not made`)
    return stage
  }

  test.each(dockerfiles)('%s ends in an image without a shell, and not as root', (name) => {
    const stage = stageOf(name)
    expect(stage.base).toBe('gcr.io/distroless/nodejs26-debian13:nonroot')
    expect(stage.user).toBe(`${uid}:${uid}`)
    expect(stage.keywords).not.toContain('RUN')
    expect(stage.keywords).not.toContain('HEALTHCHECK')
  })

  test('is started as the launcher starts it, knows its version and says what it is made of', () => {
    const stage = stageOf('Dockerfile')
    const controllers = /NODE_OPTIONS\n\s+value: (.+)/.exec(
      readFileSync(join(root, 'manifests/kustomize/base/deployments.yaml'), 'utf8'),
    )?.[1]
    const launcher = readFileSync(join(root, 'bin/meshwright'), 'utf8')
    expect(launcher).toContain(`  controller) set -- ${controllers} "$main" "$@" ;;\n`)
    expect(launcher).toContain(`  *) set -- ${stage.env['NODE_OPTIONS']} "$main" "$@" ;;\n`)
    const [program = '', ...args] = asItsUser([...commandOf(stage), 'version'])
    const {stdout} = spawnSync(program, args, {cwd: stage.root, encoding: 'utf8', env: stage.env})
    expect(stdout).toContain(manifest.version)
    expect(stage.labels.join('\n')).toContain(manifest.version)
    const bill = JSON.parse(readFileSync(join(stage.root, 'meshwright/dist/sbom.cdx.json'), 'utf8'))
    expect(bill).toMatchObject({bomFormat: 'CycloneDX', metadata: {component: {name: 'meshwright'}}})
    expect(readFileSync(join(stage.root, 'meshwright/dist/THIRD-PARTY-NOTICES.txt'), 'utf8')).toContain('fastify 5.')
  })

  test('answers reviews over HTTPS as its own user, and ends when it is told to', async () => {
    const stage = stageOf('Dockerfile')
    const configuration = join(stage.root, 'mesh.yaml')
    writeFileSync(configuration, 'mesh: {type: istio, autoInject: true, injectionNamespace: shop}\n')
    const certificates = join(stage.root, 'certs')
    await writeFolder(certificates, keyPair, authority.cert)
    chmodSync(join(certificates, 'tls.key'), 0o644)
    const args = ['--config', configuration, '--cert-dir', certificates]
    const webhook = new WebhookProcess(stage.root, args, asItsUser(commandOf(stage)))
    try {
      const port = await webhook.ready()
      const {status} = await call(port, {method: 'GET', path: '/readyz'})
      expect(status).toBe(200)
      webhook.child.kill('SIGTERM')
      expect(await webhook.exit).toBe(0)
    } finally {
      webhook.child.kill('SIGKILL')
    }
  })

  test('runs a service of the shop', async () => {
    const stage = stageOf('examples/shop/Dockerfile')
    const port = await freePort()
    const [program = '', ...args] = asItsUser([...commandOf(stage), 'user-service'])
    const service = spawn(program, args, {
      cwd: stage.root,
      env: {PORT: String(port), HOST: '127.0.0.1'},
      stdio: 'ignore',
    })
    try {
      await eventually(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined)
        return answer?.status === 200
      }, 20_000)
      const ended = once(service, 'exit')
      service.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
    } finally {
      service.kill('SIGKILL')
    }
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
