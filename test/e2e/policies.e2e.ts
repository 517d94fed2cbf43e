import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {overlay, type Values} from '../../src/mesh/values.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {application, pod} from './manifests.ts'
import {Webhook} from './webhook.ts'

// Namespaces with rules of their own: Pod Security, ResourceQuota and LimitRange judge the pod after the webhook has.

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster()
})

afterAll(async () => {
  await cluster.stop()
})

interface Creation {
  readonly status: number
  /** Whether a sidecar is in the answer. */
  readonly injected: boolean
  readonly message: string
  readonly warnings: readonly string[]
}

/** Creates the pod as a dry run: the answer is the same, and nothing is left behind. */
async function create(namespace: string, object: object): Promise<Creation> {
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`
  const {status, body, warnings} = await cluster.api.request('POST', path, object)
  const answer = JSON.stringify(body)
  const injected = status === 201 && /"name":"(istio-proxy|linkerd-proxy|consul-dataplane)"/.test(answer)
  return {status, injected, message: status === 201 ? '' : answer, warnings}
}

/** Every namespace is injected, and the sidecar has the resources of its mesh's chart. */
const everywhere = {mesh: {injectionNamespace: null, sidecar: {resources: null}}}

/** The settings that stand in warnings about Pod Security: `... restricted needs mesh.linkerd.values.cniEnabled`. */
function settingsIn(warnings: readonly string[]): readonly string[] {
  return warnings.flatMap(
    (text) => /^MW3005 pod-security\.kubernetes\.io\/enforce: \w+ needs (\S+)$/.exec(text)?.[1] ?? [],
  )
}

/** A configuration with this setting: a switch is turned on, a seccomp profile is the runtime's. */
function configurationWith(setting: string): Values {
  const value = setting.endsWith('seccompProfile') ? {type: 'RuntimeDefault'} : true
  return setting
    .split('.')
    .reduceRight<Values>((inner, key, index, keys) => ({[key]: index === keys.length - 1 ? value : inner}), {})
}

const cni: Readonly<Record<MeshName, string>> = {
  istio: 'mesh.istio.values.pilot.cni.enabled',
  linkerd: 'mesh.linkerd.values.cniEnabled',
  consul: 'mesh.consul.values.connectInject.cni.enabled',
}
const seccomp = 'mesh.istio.values.global.proxy.seccompProfile'

/** One says for the whole pod what the standard asks for, the other for the application's container only. */
const seccompProfile = {type: 'RuntimeDefault'}
const whole = pod({name: 'whole'}, {securityContext: {runAsNonRoot: true, seccompProfile}})
const own = pod({name: 'own'})

describe.each(meshNames)('%s', (mesh) => {
  let webhook: Webhook

  beforeAll(async () => {
    webhook = await Webhook.start(cluster, mesh, everywhere)
    await webhook.register('Fail')
  })

  afterAll(async () => {
    await webhook.unregister()
    await webhook.end('SIGTERM')
  })

  describe.each([
    ['baseline', 'whole', whole, [cni[mesh]]],
    ['baseline', 'own', own, [cni[mesh]]],
    ['restricted', 'whole', whole, [cni[mesh]]],
    ['restricted', 'own', own, mesh === 'istio' ? [cni[mesh], seccomp] : [cni[mesh]]],
  ] as const)(
    'in a namespace that enforces %s, a pod that keeps it by its %s words',
    (standard, name, object, needed) => {
      const namespace = `${mesh}-${standard}-${name}`

      beforeAll(async () => {
        await webhook.configure(everywhere)
        await webhook.createNamespace(namespace, {labels: {'pod-security.kubernetes.io/enforce': standard}})
      })

      test('is refused with the sidecar as it is by default, and taken with the settings that our warnings name', async () => {
        const alone = await create(namespace, {
          ...object,
          metadata: {name, labels: {'meshwright.dev/inject': 'disabled'}},
        })
        expect(alone.status, alone.message).toBe(201)

        const refused = await create(namespace, object)
        expect(refused.status).toBe(403)
        expect(refused.message).toContain(`violates PodSecurity \\"${standard}:latest\\"`)
        expect(settingsIn(refused.warnings)).toEqual(needed)

        // Each of them is needed: with one fewer the pod is still refused, and the warnings name that one.
        for (const left of needed.length > 1 ? needed : []) {
          const others = needed.filter((setting) => setting !== left).map(configurationWith)
          await webhook.configure(others.reduce<Values>(overlay, everywhere))
          const still = await create(namespace, object)
          expect(still.status).toBe(403)
          expect(settingsIn(still.warnings)).toEqual([left])
        }

        await webhook.configure(needed.map(configurationWith).reduce<Values>(overlay, everywhere))
        const taken = await create(namespace, object)
        expect(taken.status, taken.message).toBe(201)
        expect(taken.injected).toBe(true)
        expect(taken.warnings.filter((text) => text.startsWith('MW3005'))).toEqual([])
      })
    },
  )

  describe('in a namespace with a ResourceQuota', () => {
    const requests = {cpu: '50m', memory: '64Mi'}
    const limits = {cpu: '500m', memory: '256Mi'}
    const withResources = overlay(everywhere, {mesh: {sidecar: {resources: {requests, limits}}}})
    const object = pod({name: 'app'})

    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: {name: 'quota'},
      spec: {hard: {'requests.cpu': '1', 'requests.memory': '1Gi', 'limits.cpu': '3', 'limits.memory': '2Gi'}},
    }
    const limitRange = {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: {name: 'limits'},
      spec: {
        limits: [
          {
            type: 'Container',
            default: {cpu: '200m', memory: '128Mi'},
            defaultRequest: {cpu: '50m', memory: '64Mi'},
            max: {cpu: '1', memory: '512Mi'},
          },
        ],
      },
    }

    async function namespaceWith(name: string, ...objects: readonly object[]): Promise<string> {
      await webhook.createNamespace(name)
      for (const object of objects) {
        const args = ['apply', '-n', name, '-f', '-']
        const {code, stderr} = await cluster.kubectl(args, {stdin: JSON.stringify(object)})
        expect(code, stderr).toBe(0)
      }
      // A quota counts once its controller has looked; until then the API server refuses every pod.
      await cluster.until(`namespace ${name} to take pods`, 20_000, async () => {
        const labels = {'meshwright.dev/inject': 'disabled'}
        return (await create(name, pod({name: 'alone', labels}))).status === 201
      })
      return name
    }

    /** The containers that have no resources by the chart's defaults, so that a quota cannot count them. */
    const uncounted: Readonly<Record<MeshName, string | undefined>> = {
      istio: undefined,
      linkerd: 'linkerd-init,linkerd-proxy',
      consul: 'consul-dataplane',
    }

    test('only what says its resources is taken; mesh.sidecar.resources says them', async () => {
      await webhook.configure(everywhere)
      const namespace = await namespaceWith(`${mesh}-quota`, quota)
      const byDefault = await create(namespace, object)
      const missing = uncounted[mesh]
      expect(byDefault.status, byDefault.message).toBe(missing === undefined ? 201 : 403)
      expect(byDefault.injected).toBe(missing === undefined)
      if (missing !== undefined) {
        for (const resource of ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']) {
          expect(byDefault.message).toContain(`${resource} for: ${missing}`)
        }
      }
      await webhook.configure(withResources)
      const fixed = await create(namespace, object)
      expect(fixed.status, fixed.message).toBe(201)
      expect(fixed.injected).toBe(true)
    })

    test('what does not fit is refused by the quota, and the pod’s own annotation can make it fit', async () => {
      await webhook.configure(overlay(withResources, {mesh: {sidecar: {resources: {limits: {cpu: '4'}}}}}))
      const refused = await create(`${mesh}-quota`, object)
      expect(refused.status).toBe(403)
      expect(refused.message).toMatch(
        /exceeded quota: quota, requested: limits.cpu=\S+, used: limits.cpu=0, limited: limits.cpu=3/,
      )
      const annotations = {'meshwright.dev/proxy-cpu-limit': '1', 'meshwright.dev/proxy-cpu-request': '100m'}
      const fitting = await create(`${mesh}-quota`, pod({name: 'small', annotations}))
      expect(fitting.status, fitting.message).toBe(201)
      expect(fitting.injected).toBe(true)
    })

    test('a LimitRange gives resources to a sidecar that has none, and its maximum counts for the sidecar', async () => {
      await webhook.configure(everywhere)
      const namespace = await namespaceWith(`${mesh}-limits`, quota, limitRange)
      const byDefault = await create(namespace, object)
      // Istio's chart gives its proxy limits of 2 CPUs and 1Gi.
      expect(byDefault.status, byDefault.message).toBe(mesh === 'istio' ? 403 : 201)
      expect(byDefault.injected).toBe(mesh !== 'istio')
      if (mesh === 'istio') expect(byDefault.message).toContain('maximum cpu usage per Container is 1, but limit is 2')
      await webhook.configure(withResources)
      const fixed = await create(namespace, {...object, spec: {containers: [application(), application('second')]}})
      expect(fixed.status, fixed.message).toBe(201)
      expect(fixed.injected).toBe(true)
    })
  })
})
