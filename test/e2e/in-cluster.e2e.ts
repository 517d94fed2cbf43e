import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {accountKubeconfig} from '../cluster/account.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {root} from './command.ts'
import {list, pod} from './manifests.ts'
import {Proxy} from './proxy.ts'
import {lackingRights, unusedRights} from './rights.ts'
import {Webhook} from './webhook.ts'

// A webhook that reads everything from the cluster, under the rights of manifests/rbac/webhook.yaml and no others.

let cluster: Cluster
let proxy: Proxy
let webhook: Webhook
let kubeconfig: string

async function apply(...objects: readonly object[]): Promise<void> {
  const {code, stderr} = await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    stdin: list(objects),
  })
  if (code !== 0) throw new Error(stderr)
}

async function applyFile(file: string): Promise<void> {
  const {code, stderr} = await cluster.kubectl(['apply', '-f', '-'], {stdin: await readFile(join(root, file), 'utf8')})
  if (code !== 0) throw new Error(stderr)
}

const meshConfig = (name: string, spec: object) => ({
  apiVersion: 'meshwright.dev/v1alpha1',
  kind: 'MeshConfig',
  metadata: {name},
  spec,
})
const configMap = (namespace: string, name: string, data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {namespace, name},
  data,
})

/** Consul's own kind, as far as the API server needs to know it. */
const proxyDefaults = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {name: 'proxydefaults.consul.hashicorp.com'},
  spec: {
    group: 'consul.hashicorp.com',
    scope: 'Namespaced',
    names: {kind: 'ProxyDefaults', plural: 'proxydefaults', singular: 'proxydefaults'},
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: {openAPIV3Schema: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
      },
    ],
  },
}

let pods = 0
/** Creates a pod as a dry run and answers with the names and images of all of its containers, or with what was said. */
async function admitted(namespace: string, metadata: object = {}): Promise<string> {
  const object = pod({name: `probe-${++pods}`, ...metadata}, {serviceAccountName: 'default'})
  const answer = await cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-n', namespace, '-f', '-'], {
    stdin: JSON.stringify(object),
  })
  if (answer.code !== 0) return answer.stderr
  const {initContainers = [], containers} = JSON.parse(answer.stdout).spec
  return [...initContainers, ...containers].map(({name, image}) => `${name}=${image}`).join(' ')
}

const becomes = (what: string, probe: () => Promise<boolean>) => cluster.until(what, 20_000, probe)

beforeAll(async () => {
  cluster = await startCluster()
  await cluster.createNamespace('meshwright-system')
  await applyFile('manifests/rbac/webhook.yaml')
  proxy = await Proxy.start(cluster)
  kubeconfig = await accountKubeconfig(cluster, 'meshwright-system', 'meshwright-webhook', proxy)
  webhook = await Webhook.startInCluster(cluster, kubeconfig)
})

afterAll(async () => {
  await webhook?.end('SIGTERM')
  proxy?.stop()
  await cluster?.stop()
})

describe('a webhook in a cluster', () => {
  test("goes by the mesh's defaults before the CRD is there, and by a MeshConfig as soon as there is one", async () => {
    await becomes('readiness', async () => (await webhook.readiness()) === 200)
    await webhook.register('Fail')
    await cluster.createNamespace('shop', {labels: {'istio-injection': 'enabled'}})
    await becomes('the namespace to be known', async () => (await admitted('shop')).includes('istio-proxy'))

    await applyFile('manifests/crd/meshconfigs.yaml')
    await becomes('the CRD', async () => {
      const {code} = await cluster.kubectl(['wait', '--for=condition=Established', 'crd/meshconfigs.meshwright.dev'])
      return code === 0
    })
    await apply(
      meshConfig('default', {
        mesh: {type: 'consul', autoInject: true, injectionNamespace: 'shop', consul: {values: {dns: {enabled: false}}}},
      }),
    )
    await becomes('Consul', async () => (await admitted('shop')).includes('consul-dataplane'))
  })

  test('takes a namespace by its labels, its configuration and its environment', async () => {
    await apply(
      meshConfig('edge', {
        mesh: {type: 'istio', autoInject: true},
        environments: {development: {mesh: {autoInject: false}}},
      }),
    )
    await cluster.createNamespace('edge', {labels: {'meshwright.dev/config': 'edge'}})
    await becomes('the edge', async () => (await admitted('edge')).includes('istio-proxy'))
    await apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {name: 'edge', labels: {'meshwright.dev/config': 'edge', 'meshwright.dev/environment': 'development'}},
    })
    await becomes('its environment', async () => !(await admitted('edge')).includes('istio-proxy'))
    await apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {name: 'edge', labels: {'meshwright.dev/config': 'egde'}},
    })
    await becomes('a refusal', async () => /MW2011.*"egde".*edge/.test(await admitted('edge')))
  })

  test('reads what Istio was installed with, and follows it', async () => {
    await cluster.createNamespace('istio-system')
    const values = (hub: string) =>
      configMap('istio-system', 'istio-sidecar-injector', {values: JSON.stringify({global: {hub, tag: '1.31.0'}})})
    await apply(
      values('registry.example/one'),
      meshConfig('default', {mesh: {autoInject: true, injectionNamespace: 'shop'}}),
    )
    await becomes('the hub', async () => (await admitted('shop')).includes('istio-proxy=registry.example/one/proxyv2'))
    await apply(values('registry.example/two'))
    await becomes('the other hub', async () => (await admitted('shop')).includes('registry.example/two/proxyv2'))
  })

  test('keeps the last good state where Linkerd lacks its trust anchors, and goes on when they come', async () => {
    await apply(meshConfig('default', {mesh: {type: 'linkerd', autoInject: true, injectionNamespace: 'shop'}}))
    await becomes('a complaint', async () => webhook.log.includes('identityTrustAnchorsPEM'))
    expect(await admitted('shop')).toContain('istio-proxy')
    await cluster.createNamespace('linkerd')
    await apply(configMap('linkerd', 'linkerd-identity-trust-roots', {'ca-bundle.crt': 'PEM'}))
    await becomes('Linkerd', async () => (await admitted('shop')).includes('linkerd-proxy'))
  })

  test('knows the owner of the owner', async () => {
    const metadata = {name: 'web', namespace: 'shop', labels: {app: 'web'}}
    const template = {
      metadata: {labels: {app: 'web'}},
      spec: {containers: [{name: 'web', image: 'registry.example/web:1'}]},
    }
    await apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {replicas: 1, selector: {matchLabels: {app: 'web'}}, template},
    })
    await becomes('the label', async () => {
      const {stdout} = await cluster.kubectl([
        'get',
        'pods',
        '-n',
        'shop',
        '-l',
        'linkerd.io/proxy-deployment=web',
        '-o',
        'name',
      ])
      return stdout.includes('pod/web-')
    })
  })

  test('goes on through a restart of the API server, and hears of what changed meanwhile', async () => {
    await cluster.restartApiServer('SIGKILL')
    await cluster.createNamespace('later')
    expect(await webhook.readiness()).toBe(200)
    await apply(meshConfig('default', {mesh: {autoInject: true, injectionNamespace: ['shop', 'later']}}))
    await becomes('the change', async () => (await admitted('later')).includes('istio-proxy'))
  })

  test('without a usable MeshConfig is alive and never ready, and says why', async () => {
    await apply(meshConfig('default', {mesh: {type: 'linkerd', linkerd: {values: {}}}}))
    const fresh = await Webhook.startInCluster(cluster, kubeconfig)
    try {
      await becomes('a complaint', async () => fresh.log.includes('identityTrustAnchorsPEM'))
      expect(await fresh.readiness()).toBe(503)
    } finally {
      await fresh.end('SIGTERM')
    }
  })

  // Consul's chart gives the Secret of its authority one of two names; what Linkerd and Istio keep was read above.
  test('uses every right that it is granted, and was refused none', async () => {
    const consul = (name: string) => {
      const values = {global: {name, tls: {enabled: true}}}
      return meshConfig(`consul-${name || 'usual'}`, {mesh: {type: 'consul', consul: {values}}})
    }
    await apply(proxyDefaults, consul('consul'), consul(''))
    const manifest = await readFile(join(root, 'manifests/rbac/webhook.yaml'), 'utf8')
    await becomes('every right to be used', async () => {
      const unused = unusedRights(manifest, proxy.calls)
      if (unused.length > 0) throw new Error(`nobody used ${unused.join(', ')}`)
      return true
    })
    expect(lackingRights(proxy.calls)).toEqual([])
  })
})
