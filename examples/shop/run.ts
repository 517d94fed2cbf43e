/**
 * The main job on real input: the webhook as a process of its own admits every pod of the shop over HTTPS, once for each
 * mesh. Every answer is held against what it should be; the injected pods are written to out/shop. Ends with 1 where
 * anything differs.
 */
import {spawnSync} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import {existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {stringify} from 'yaml'
import {table} from '../../src/cli/report.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {judge} from './checks.ts'
import {readShop, type Shop, type ShopPod} from './pods.ts'
import {Webhook} from './webhook.ts'

const root = join(import.meta.dirname, '../..')
const launcher = join(root, 'bin/meshwright')
const configuration = join(import.meta.dirname, 'mesh.yaml')
const out = join(root, 'out/shop')

function build(): void {
  const bundle = join(root, 'dist/main.js')
  const sources = globSync('src/**/*.ts', {cwd: root}).map((file) => join(root, file))
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs))
  if (existsSync(bundle) && statSync(bundle).mtimeMs >= newest) return
  console.log('building')
  run(process.execPath, [join(root, 'build.ts')])
}

function run(command: string, args: readonly string[]): void {
  const {status, stderr, error} = spawnSync(command, args, {cwd: root, encoding: 'utf8'})
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

function shop(): Shop {
  const names = globSync('*.yaml', {cwd: import.meta.dirname}).toSorted()
  return readShop(names.map((name) => ({name, text: readFileSync(join(import.meta.dirname, name), 'utf8')})))
}

function reviewOf({pod, namespace}: ShopPod, uid: string): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: {group: '', version: 'v1', kind: 'Pod'},
      resource: {group: '', version: 'v1', resource: 'pods'},
      requestKind: {group: '', version: 'v1', kind: 'Pod'},
      requestResource: {group: '', version: 'v1', resource: 'pods'},
      namespace,
      operation: 'CREATE',
      userInfo: {username: 'system:serviceaccount:kube-system:replicaset-controller'},
      object: pod,
      oldObject: null,
      dryRun: false,
      options: {kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1'},
    },
  })
}

interface Outcome {
  readonly rows: readonly (readonly string[])[]
  readonly faults: readonly string[]
}

async function admitShop(mesh: MeshName, {pods}: Shop, scratch: string): Promise<Outcome> {
  const folder = join(out, mesh)
  rmSync(folder, {recursive: true, force: true})
  mkdirSync(folder, {recursive: true})
  const certs = join(scratch, 'certs')
  const webhook = await Webhook.start(
    launcher,
    ['--config', configuration, '--mesh', mesh, '--objects', join(scratch, 'objects.yaml'), '--cert-dir', certs],
    readFileSync(join(certs, 'ca.crt'), 'utf8'),
  )
  const rows: string[][] = []
  const faults: string[] = []
  for (const pod of pods) {
    const uid = randomUUID()
    const {status, body, milliseconds} = await webhook.review(reviewOf(pod, uid))
    if (status !== 200) faults.push(`${mesh} ${pod.workload}: HTTP ${status}`)
    const judged = judge(mesh, pod, uid, body)
    faults.push(...judged.faults)
    const {decision, code, sidecar, patchBytes, injected} = judged
    writeFileSync(
      join(folder, `${pod.workload.replace('/', '-')}.yaml`),
      stringify(injected, {version: '1.1', lineWidth: 0}),
    )
    rows.push([pod.workload, mesh, `${decision} ${code}`, sidecar, String(patchBytes), milliseconds.toFixed(1)])
  }
  const exit = await webhook.stop()
  if (exit !== 0) faults.push(`${mesh}: the webhook ended with ${exit} on SIGTERM`)
  return {rows, faults}
}

async function main(): Promise<number> {
  build()
  const scratch = mkdtempSync(join(tmpdir(), 'meshwright-shop-'))
  try {
    run(launcher, ['certs', 'init', '--dir', join(scratch, 'certs'), '--host', 'localhost'])
    const read = shop()
    writeFileSync(join(scratch, 'objects.yaml'), read.objects.map((object) => JSON.stringify(object)).join('\n---\n'))
    const outcomes: Outcome[] = []
    for (const mesh of meshNames) outcomes.push(await admitShop(mesh, read, scratch))
    const rows = outcomes.flatMap((outcome) => outcome.rows)
    const faults = outcomes.flatMap((outcome) => outcome.faults)
    process.stdout.write(table(['WORKLOAD', 'MESH', 'DECISION', 'SIDECAR', 'PATCH BYTES', 'MS'], rows))
    console.log(`\n${rows.length} pods admitted over HTTPS; the injected pods are in out/shop/<mesh>/`)
    for (const fault of faults) console.error(`× ${fault}`)
    return faults.length === 0 ? 0 : 1
  } finally {
    rmSync(scratch, {recursive: true, force: true})
  }
}

process.exitCode = await main()
