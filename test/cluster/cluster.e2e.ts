import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import type {IncomingMessage, ServerResponse} from 'node:http'
import {createServer, type Server} from 'node:https'
import {json} from 'node:stream/consumers'
import {generate} from 'selfsigned'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {startCluster, type Cluster} from './cluster.ts'

// Whether the cluster that the other end-to-end tests stand on behaves as one. It knows nothing of Meshwright.

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({nodes: 2, audit: 'Metadata'})
})

afterAll(async () => {
  await cluster.stop()
})

const CONTAINER_STATUSES = z
  .array(z.object({name: z.string(), ready: z.boolean(), state: z.record(z.string(), z.unknown())}))
  .default([])

const PODS = z.object({
  items: z.array(
    z.object({
      metadata: z.object({name: z.string(), labels: z.record(z.string(), z.string()).default({})}),
      spec: z.object({nodeName: z.string().optional()}),
      status: z.object({
        phase: z.string(),
        podIP: z.string().optional(),
        initContainerStatuses: CONTAINER_STATUSES,
        containerStatuses: CONTAINER_STATUSES,
      }),
    }),
  ),
})

async function pods(namespace: string, selector: string) {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`
  return PODS.parse((await cluster.api.request('GET', path)).body).items
}

async function apply(namespace: string, manifest: object): Promise<void> {
  const result = await cluster.kubectl(['apply', '-n', namespace, '-f', '-'], {stdin: JSON.stringify(manifest)})
  expect(result.code, result.stderr).toBe(0)
}

const NATIVE_SIDECAR = {name: 'proxy', image: 'proxy', restartPolicy: 'Always'}

function deployment(name: string, replicas: number) {
  const labels = {app: name}
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name},
    spec: {
      replicas,
      selector: {matchLabels: labels},
      template: {
        metadata: {labels},
        spec: {
          initContainers: [{name: 'init', image: 'init'}, NATIVE_SIDECAR],
          containers: [{name: 'app', image: 'app', ports: [{containerPort: 8080}]}],
        },
      },
    },
  }
}

function job(name: string, spec: object) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {name},
    spec: {template: {spec: {restartPolicy: 'Never', ...spec}}},
  }
}

function pod(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name, labels: {app: name}},
    spec: {containers: [{name: 'app', image: 'app'}]},
  }
}

/** The answer of a webhook that labels, warns and annotates every pod. */
function labelPod(review: unknown) {
  const {uid} = z.object({request: z.object({uid: z.string()})}).parse(review).request
  const patch = [{op: 'add', path: '/metadata/labels/seen', value: 'yes'}]
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
      warnings: ['a "quoted" warning'],
      auditAnnotations: {decision: 'seen'},
    },
  }
}

async function serveReview(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = JSON.stringify(labelPod(await json(request)))
  response.setHeader('content-type', 'application/json').end(body)
}

const byText = (a: string, b: string) => a.localeCompare(b)

const phase = async (namespace: string, job: string) => (await pods(namespace, `job-name=${job}`))[0]?.status.phase

const completions = (namespace: string, name: string) =>
  cluster.kubectl(['get', 'job', name, '-n', namespace, '-o', 'jsonpath={.status.succeeded}'])

describe('workloads', () => {
  test("a Deployment's pods run on the nodes, with addresses that its Service finds", async () => {
    await cluster.createNamespace('running', {labels: {team: 'a'}, annotations: {note: 'b'}})
    await apply('running', deployment('web', 3))
    await apply('running', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {name: 'web'},
      spec: {selector: {app: 'web'}, ports: [{port: 80, targetPort: 8080}]},
    })
    const running = await cluster.until('three Running pods', 30_000, async () => {
      const found = (await pods('running', 'app=web')).filter(({status}) => status.phase === 'Running')
      return found.length === 3 && found
    })
    for (const {spec, status} of running) {
      expect(spec.nodeName).toMatch(/^node-[12]$/)
      expect(status.podIP).toMatch(/^10\.244\./)
      expect(status.initContainerStatuses).toMatchObject([
        {name: 'init', state: {terminated: {exitCode: 0}}},
        {name: 'proxy', ready: true, state: {running: {}}},
      ])
      expect(status.containerStatuses).toMatchObject([{name: 'app', ready: true, state: {running: {}}}])
    }
    const addresses = running.map(({status}) => status.podIP ?? '').sort(byText)
    expect(new Set(addresses).size).toBe(3)
    await cluster.until('an EndpointSlice with the three addresses', 30_000, async () => {
      const args = ['get', 'endpointslices', '-n', 'running', '-o', 'jsonpath={.items[*].endpoints[*].addresses[0]}']
      const {stdout} = await cluster.kubectl(args)
      return stdout.split(' ').sort(byText).join() === addresses.join()
    })

    const namespace = await cluster.kubectl(['get', 'namespace', 'running', '-o', 'json'])
    expect(JSON.parse(namespace.stdout)).toMatchObject({metadata: {labels: {team: 'a'}, annotations: {note: 'b'}}})
  })

  test('a Job completes although a native sidecar runs beside it, which then ends', async () => {
    await cluster.createNamespace('jobs')
    await apply('jobs', job('native', {initContainers: [NATIVE_SIDECAR], containers: [{name: 'app', image: 'app'}]}))
    await cluster.until('the Job to complete', 30_000, async () => (await completions('jobs', 'native')).stdout === '1')
    const [pod] = await pods('jobs', 'job-name=native')
    expect(pod?.status).toMatchObject({
      phase: 'Succeeded',
      initContainerStatuses: [{name: 'proxy', state: {terminated: {exitCode: 0}}}],
    })
  })

  test('a Job whose mesh proxy is an ordinary container never completes', async () => {
    await cluster.createNamespace('hanging')
    const app = {name: 'app', image: 'app'}
    await apply('hanging', job('proxied', {containers: [app, {name: 'linkerd-proxy', image: 'proxy'}]}))
    await cluster.until("the proxied Job's pod", 30_000, async () => (await phase('hanging', 'proxied')) === 'Running')
    // One that was started later is done by now: the first had its time.
    await apply('hanging', job('plain', {containers: [app]}))
    await cluster.until('the plain Job', 30_000, async () => (await completions('hanging', 'plain')).stdout === '1')
    expect(await phase('hanging', 'proxied')).toBe('Running')
    expect((await completions('hanging', 'proxied')).stdout).toBe('')
  })

  test('a deleted pod is gone, and its Deployment brings another', async () => {
    await cluster.createNamespace('replaced')
    await apply('replaced', deployment('web', 1))
    const name = await cluster.until(
      'the pod',
      30_000,
      async () => (await pods('replaced', 'app=web'))[0]?.metadata.name,
    )
    const {code, stderr} = await cluster.kubectl(['delete', 'pod', name, '-n', 'replaced', '--timeout=30s'])
    expect(code, stderr).toBe(0)
    await cluster.until('another pod', 30_000, async () => {
      const [pod, ...rest] = await pods('replaced', 'app=web')
      return rest.length === 0 && pod !== undefined && pod.metadata.name !== name && pod.status.phase === 'Running'
    })
  })
})

test('RBAC is on: a ServiceAccount without a role may read nothing', async () => {
  await cluster.createNamespace('restricted')
  const as = '--as=system:serviceaccount:restricted:default'
  const refused = await cluster.kubectl(['get', 'secrets', '-n', 'restricted', as])
  expect(refused).toMatchObject({code: 1, stderr: expect.stringContaining('is forbidden')})
})

describe.each(['SIGTERM', 'SIGKILL'] as const)('an API server restarted by %s', (signal) => {
  test('keeps its address and data, and the controllers go on', async () => {
    const namespace = `restart-${signal.toLowerCase()}`
    await cluster.createNamespace(namespace)
    await apply(namespace, deployment('before', 1))
    await cluster.restartApiServer(signal)
    await apply(namespace, deployment('after', 1))
    await cluster.until('the pods of before and after the restart', 60_000, async () => {
      const found = await pods(namespace, 'app in (before, after)')
      return found.length === 2 && found.every(({status}) => status.phase === 'Running')
    })
  })
})

describe('a mutating webhook on loopback', () => {
  let server: Server
  let caBundle: string

  beforeAll(async () => {
    const {cert, private: key} = await generate([{name: 'commonName', value: '127.0.0.1'}], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{name: 'subjectAltName', altNames: [{type: 7, ip: '127.0.0.1'}]}],
    })
    caBundle = Buffer.from(cert).toString('base64')
    server = createServer({cert, key}, (request, response) => {
      void serveReview(request, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0

    await cluster.createNamespace('hooked', {labels: {hooked: 'yes'}})
    await apply('hooked', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: {name: 'probe'},
      webhooks: [
        {
          name: 'probe.example.com',
          clientConfig: {url: `https://127.0.0.1:${port}/mutate`, caBundle},
          rules: [{operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods']}],
          namespaceSelector: {matchLabels: {hooked: 'yes'}},
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
        },
      ],
    })
    // The API server takes a moment to see a new webhook.
    await cluster.until('the webhook to be called', 30_000, async () => {
      const {body} = await cluster.api.request('POST', '/api/v1/namespaces/hooked/pods?dryRun=All', pod('probe'))
      return JSON.stringify(body).includes('"seen":"yes"')
    })
  })

  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })

  test('changes the pods of a Deployment before they are stored', async () => {
    await apply('hooked', deployment('web', 1))
    const labels = await cluster.until(
      'the pod',
      30_000,
      async () => (await pods('hooked', 'app=web'))[0]?.metadata.labels,
    )
    expect(labels).toMatchObject({seen: 'yes'})
  })

  test('warns kubectl and the API client', async () => {
    const {stderr} = await cluster.kubectl(['apply', '-n', 'hooked', '-f', '-'], {
      stdin: JSON.stringify(pod('kubectl')),
    })
    expect(stderr).toContain('Warning: a "quoted" warning')
    const {warnings} = await cluster.api.request('POST', '/api/v1/namespaces/hooked/pods', pod('client'))
    expect(warnings).toEqual(['a "quoted" warning'])
  })

  test('leaves its annotation in the audit log', async () => {
    await apply('hooked', pod('audited'))
    await cluster.until('the audit event', 10_000, async () => {
      const lines = (await readFile(cluster.auditLog, 'utf8')).split('\n')
      return lines.some(
        (line) => line.includes('"name":"audited"') && line.includes('"probe.example.com/decision":"seen"'),
      )
    })
  })

  test('is not asked about a namespace that it did not select', async () => {
    await cluster.createNamespace('unhooked')
    await apply('unhooked', pod('alone'))
    const [alone] = await pods('unhooked', 'app=alone')
    expect(alone?.metadata.labels).toEqual({app: 'alone'})
  })
})

describe('a cluster that cannot start', () => {
  test('says why, with the log of the process that failed', async () => {
    await expect(startCluster({apiServerArgs: ['--no-such-flag']})).rejects.toThrow(
      /kube-apiserver ended by itself \(exit code 1\)[^]*unknown flag: --no-such-flag/,
    )
  })
})
