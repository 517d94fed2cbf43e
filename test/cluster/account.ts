import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Cluster} from './cluster.ts'

/** A kubeconfig that acts as a ServiceAccount, under the rights that were granted to it and no others; through a proxy where one is given. */
export async function accountKubeconfig(
  cluster: Cluster,
  namespace: string,
  name: string,
  {url, caFile}: {readonly url: string; readonly caFile: string} = cluster,
): Promise<string> {
  const {code, stdout, stderr} = await cluster.kubectl(['create', 'token', name, '-n', namespace, '--duration', '2h'])
  if (code !== 0) throw new Error(stderr)
  const ca = (await readFile(caFile)).toString('base64')
  const file = join(cluster.dir, `${namespace}-${name}.kubeconfig`)
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{name: 'test', cluster: {server: url, 'certificate-authority-data': ca}}],
    users: [{name: 'test', user: {token: stdout.trim()}}],
    contexts: [{name: 'test', context: {cluster: 'test', user: 'test'}}],
  }
  await writeFile(file, JSON.stringify(config), {mode: 0o600})
  return file
}
