import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {residentMiB} from '../../bench/process.ts'
import {writeFolder} from '../../src/certs/folder.ts'
import type {MeshName} from '../../src/mesh/mesh.ts'
import {fuzz, type FuzzReport} from './review-client.ts'
import {authority, call, keyPair} from '../admission/harness.ts'
import {WebhookProcess} from '../admission/webhook-process.ts'

const settings: Readonly<Record<MeshName, object>> = {
  istio: {},
  linkerd: {linkerd: {values: {identityTrustAnchorsPEM: authority.cert}}},
  consul: {
    consul: {
      clusterDNS: {nameservers: ['10.0.0.10'], searches: ['svc.cluster.local'], options: ['ndots:5']},
    },
  },
}
const objects = [
  {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'shop'}},
  {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'web', namespace: 'shop'}},
]

export interface MeshReport extends FuzzReport {
  /** Resident memory at the end, where the system tells. */
  readonly residentMiB: number
}

/** Starts a webhook of its own for the mesh, fuzzes it, and rejects where it is not alive and ready afterwards. */
export async function fuzzMesh(
  mesh: MeshName,
  count: number,
  seed: number,
  program?: readonly string[],
): Promise<MeshReport> {
  const folder = await mkdtemp(join(tmpdir(), 'meshwright-fuzz-'))
  // JSON is YAML.
  await writeFile(join(folder, 'mesh.yaml'), JSON.stringify({mesh: {type: mesh, autoInject: true, ...settings[mesh]}}))
  await writeFile(join(folder, 'objects.yaml'), objects.map((object) => JSON.stringify(object)).join('\n---\n'))
  await writeFolder(join(folder, 'certs'), keyPair, authority.cert)
  const webhook = new WebhookProcess(
    folder,
    ['--config', 'mesh.yaml', '--objects', 'objects.yaml', '--cert-dir', 'certs', '--log-level', 'info'],
    program,
  )
  try {
    const port = await webhook.ready()
    const report = await fuzz(port, authority.cert, count, seed)
    const {status} = await call(port, {method: 'GET', path: '/readyz'})
    if (status !== 200) throw new Error(`not ready after the run: HTTP ${status}`)
    return {...report, residentMiB: residentMiB(webhook.child.pid ?? 0)}
  } finally {
    webhook.child.kill('SIGKILL')
    await rm(folder, {recursive: true})
  }
}
