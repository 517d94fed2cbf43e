import {execFile} from 'node:child_process'
import {promisify} from 'node:util'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {stringify} from 'yaml'
import {accountKubeconfig} from '../cluster/account.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {chart, Helm, readObjects} from '../install/helm.ts'
import {meshwright, program} from './command.ts'
import {Proxy} from './proxy.ts'
import {unusedRights} from './rights.ts'

// What `helm test` runs, under the rights that the chart gives it and no others.

const own = 'meshwright-system'
const run = promisify(execFile)

let cluster: Cluster
let helm: Helm
let proxy: Proxy
let rights: string

beforeAll(async () => {
  ;[cluster, helm] = await Promise.all([startCluster(), Helm.start()])
  await meshwright(['install', '--kubeconfig', cluster.kubeconfig, '--no-wait'])
  const only = ['--namespace', own, '--show-only', 'templates/tests/check.yaml']
  const hooks = await helm.run(['template', 'meshwright', chart, ...only])
  const objects = readObjects(hooks).filter(({kind}) => kind !== 'Pod')
  const {code, stderr} = await cluster.kubectl(['apply', '-f', '-'], {
    stdin: objects.map((object) => stringify(object)).join('---\n'),
  })
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  const role = objects.filter(({kind}) => kind === 'ClusterRole').map((object) => stringify(object))
  rights = role.join('---\n')
  proxy = await Proxy.start(cluster)
})

afterAll(async () => {
  proxy?.stop()
  await helm?.stop()
  await cluster?.stop()
})

test('check uses every right that the chart gives it, and asks beyond them only for what it can do without', async () => {
  const kubeconfig = await accountKubeconfig(cluster, own, 'meshwright-check', proxy)
  // Nobody serves here, which it says: 1.
  const {stdout} = await run(program, ['check', '-o', 'json', '--namespace', own, '--kubeconfig', kubeconfig]).catch(
    (error: {readonly stdout: string}) => error,
  )
  expect(stdout).toContain('"about": "webhook"')
  expect(unusedRights(rights, proxy.calls)).toEqual([])
  const refused = proxy.calls
    .filter(({status}) => status === 403)
    .map(({method, url}) => `${method} ${url.split('?')[0]}`)
  expect(refused.toSorted()).toEqual([
    'GET /api/v1/namespaces/meshwright-system/secrets/meshwright-webhook-tls',
    'POST /api/v1/namespaces/default/pods',
  ])
})
