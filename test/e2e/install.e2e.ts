import {execFile} from 'node:child_process'
import {cp, mkdir, mkdtemp, readFile, rm, symlink} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {z} from 'zod'
import {ensureBinaries, ensureHelm} from '../cluster/binaries.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {needsShared} from '../shared.ts'
import {root} from './command.ts'
import {crdsIn, installCrds} from './crds.ts'
import {list, pod, shopIn} from './manifests.ts'
import {OwnPods} from './own-pods.ts'
import {canMakeHosts, PodHosts} from './pod-hosts.ts'
import {podsIn, settledPods} from './pods.ts'

// From an empty cluster and back to it, by the commands of the documentation: each is run as it stands there.

const run = promisify(execFile)
const own = 'meshwright-system'
const RULES = z.array(z.object({name: z.string(), inForce: z.boolean()}))
const RESULTS = z.array(z.object({about: z.string(), state: z.string(), message: z.string()}))

/** The commands below a heading of a page, from its blocks marked `sh cluster`; those above every heading come first. */
async function commandsOf(page: string, section: string): Promise<readonly string[]> {
  const lines = (await readFile(join(root, 'docs', page), 'utf8')).split('\n')
  const found: string[] = []
  let [isWanted, isInside] = [true, false]
  for (const line of lines) {
    if (line.startsWith('## ')) isWanted = line === `## ${section}`
    else if (line.startsWith('```')) isInside = line === '```sh cluster'
    else if (isInside && isWanted) found.push(line)
  }
  if (found.length === 0) throw new Error(`docs/${page} has no commands under ${section}`)
  return found
}

const hosts = await canMakeHosts()
if (!hosts && process.env['CI'] === 'true') throw new Error('no network namespaces here, and CI must have them')
if (!hosts)
  process.stderr.write('installations are not tested: only root, with iproute2, can make hosts for their pods\n')

needsShared('an installation', (shared) => {
  describe.skipIf(!hosts).each(['By the command', 'By Helm', 'By kustomize'])('%s', {timeout: 300_000}, (section) => {
    const network = new PodHosts()
    let cluster: Cluster
    let pods: OwnPods
    let folder: string
    let before: readonly string[]

    beforeAll(async () => {
      const {kubectl} = await ensureBinaries()
      const helm = await ensureHelm()
      cluster = await startCluster({
        nodes: 3,
        podCidr: network.podCidr,
        apiServerArgs: [`--service-cluster-ip-range=${network.serviceCidr}`, '--enable-aggregator-routing=true'],
      })
      folder = await mkdtemp(join(tmpdir(), 'meshwright-install-'))
      await cp(join(root, 'manifests'), join(folder, 'manifests'), {recursive: true})
      await mkdir(join(folder, 'bin'))
      await symlink(kubectl, join(folder, 'bin/kubectl'))
      await symlink(helm, join(folder, 'bin/helm'))
      await symlink(join(root, 'bin/meshwright'), join(folder, 'bin/meshwright'))
      await installCrds(cluster, await crdsIn(join(shared, 'crds')))
      await cluster.createNamespace('istio-system')
      await apply(istiod('1.31.0'))
      await settledPods(cluster, 'istio-system', 1)
      before = await everything()
      await network.forward(Number(new URL(cluster.url).port))
      pods = new OwnPods(cluster, own, network)
    })

    afterAll(async () => {
      await pods?.stop()
      await network.stop()
      await cluster?.stop()
      if (folder !== undefined) await rm(folder, {recursive: true, force: true})
    })

    async function apply(...objects: readonly object[]): Promise<void> {
      const {code, stderr} = await cluster.kubectl(['apply', '--server-side', '-f', '-'], {stdin: list(objects)})
      if (code !== 0) throw new Error(stderr)
    }

    async function sh(command: string): Promise<string> {
      const env = {PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, HOME: folder, KUBECONFIG: cluster.kubeconfig}
      try {
        const {stdout} = await run('sh', ['-ec', command], {cwd: folder, env, maxBuffer: 64 * 1024 * 1024})
        return stdout
      } catch (error) {
        const {stdout, stderr} = z.looseObject({stdout: z.string(), stderr: z.string()}).parse(error)
        throw new Error(`${command}\n${stdout}${stderr}\n${pods.log('webhook')}${pods.log('controller')}`, {
          cause: error,
        })
      }
    }

    /** Every object of the cluster but for what comes and goes by itself. */
    async function everything(): Promise<readonly string[]> {
      const kinds = (await cluster.kubectl(['api-resources', '--verbs=list', '-o', 'name'])).stdout.trim().split('\n')
      const lasting = kinds.filter(
        (kind) => !/^(events|leases|componentstatuses|endpointslices|endpoints)\b/.test(kind),
      )
      const path = '{range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}'
      const {stdout} = await cluster.kubectl(['get', lasting.join(','), '-A', '-o', `jsonpath=${path}`])
      return stdout.trim().split('\n').sort()
    }

    async function looks(): Promise<z.infer<typeof RESULTS>> {
      return RESULTS.parse(JSON.parse(await sh('meshwright check -o json || true')))
    }

    const bundle = async () =>
      (
        await cluster.kubectl([
          'get',
          'mutatingwebhookconfiguration/meshwright-webhook',
          '-o',
          'jsonpath={.webhooks[0].clientConfig.caBundle}',
        ])
      ).stdout

    test('is installed by the commands of docs/install.md', async () => {
      const commands = await commandsOf('install.md', section)
      for (const command of commands.filter((each) => each !== 'meshwright check')) await sh(command)
      // kwok says that a pod is ready before its process is.
      await cluster.until('everything to be in order', 60_000, async () => {
        const wrong = (await looks()).filter(({state}) => state === 'bad')
        if (wrong.length > 0) throw new Error(`${JSON.stringify(wrong)}\n${pods.log('webhook')}`)
        return true
      })
      expect(await sh('meshwright check')).toContain('√ the API server reaches the webhook, and it answers')
    })

    test.runIf(section === 'By Helm')('passes its own test', async () => {
      expect(await sh(`helm test meshwright -n ${own} --timeout 60s`)).toMatch(/^Phase:\s+Succeeded$/m)
      // What was made for it has gone with it.
      expect((await everything()).filter((object) => object.includes('meshwright-check'))).toEqual([])
    })

    test("injects the shop's pods and programs its rules", async () => {
      const text = await readFile(join(root, 'examples/shop/mesh.yaml'), 'utf8')
      const config = {apiVersion: 'meshwright.dev/v1alpha1', kind: 'MeshConfig', metadata: {name: 'default'}}
      await cluster.createNamespace('shop')
      await apply({...config, spec: parse(text)})
      await cluster.until('the configuration to be in force', 30_000, async () => {
        const answer = await cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-n', 'shop', '-f', '-'], {
          stdin: JSON.stringify(pod({name: 'probe'})),
        })
        return answer.stdout.includes('istio-proxy')
      })
      await apply(...shopIn('shop'))
      const rules = ['apply', '--server-side', '-n', 'shop', '-f', join(root, 'examples/shop/rules')]
      expect((await cluster.kubectl(rules)).stderr).toBe('')
      const created = await cluster.until("the shop's pods", 60_000, async () => {
        const all = await podsIn(cluster, 'shop')
        return all.length >= 8 && all
      })
      for (const {metadata, spec} of created) {
        const names = [...spec.initContainers, ...spec.containers].map(({name}) => name)
        expect(names, metadata.name).toContain('istio-proxy')
      }
      // Nobody knows the account of a CronJob that has not run yet: its rule waits for a pod of it.
      await cluster.until('the rules to be in force', 60_000, async () => {
        const status = RULES.parse(JSON.parse(await sh('meshwright status -A -o json || true')))
        const waiting = status.filter(({inForce}) => !inForce).map(({name}) => name)
        if (status.length >= 10 && waiting.join() === 'orders-nightly-report') return true
        throw new Error(`${status.length} rules, not in force: ${waiting.join()}`)
      })
      const made = await cluster.kubectl([
        'get',
        'virtualservices,authorizationpolicies.security.istio.io',
        '-n',
        'shop',
        '-o',
        'name',
      ])
      expect(made.stdout).toContain('virtualservice')
      expect(made.stdout).toContain('authorizationpolicy')
    })

    test("starts its own pods and the cluster's, whatever the webhook does", async () => {
      const object = JSON.stringify(pod({name: 'probe', labels: {'meshwright.dev/inject': 'neither'}}))
      const create = async (namespace: string, ...as: string[]) =>
        cluster.kubectl(['create', '--dry-run=server', '-n', namespace, ...as, '-f', '-'], {stdin: object})
      expect((await create('shop')).stderr).toContain('MW2001')
      expect((await create(own)).code).toBe(0)
      expect((await create('kube-system')).code).toBe(0)
    })

    test('names pods whose sidecar is older than the settings, and an injector that is still at work', async () => {
      expect((await looks()).filter(({about}) => about === 'sidecars' || about === 'injectors')).toMatchObject([
        {state: 'good'},
        {state: 'good'},
      ])
      await cluster.kubectl(['label', 'namespace', 'shop', 'istio-injection=enabled'])
      await apply(istioInjector)
      const patch = JSON.stringify({spec: {mesh: {sidecar: {resources: {requests: {cpu: '150m'}}}}}})
      await cluster.kubectl(['patch', 'meshconfig', 'default', '--type=merge', '-p', patch])
      const found = (await looks()).filter(({about}) => about === 'sidecars' || about === 'injectors')
      expect(found).toMatchObject([
        {state: 'warning', message: expect.stringContaining('is still asked about shop,')},
        {state: 'warning', message: expect.stringMatching(/ of \d+ pods .*istio-proxy: resources/)},
      ])
      await cluster.kubectl(['delete', 'mutatingwebhookconfiguration', 'istio-sidecar-injector'])
    })

    // That nobody is refused meanwhile is another test's: kwok says that a pod is ready before its process is.
    test('is upgraded by the commands of docs/upgrade.md, and keeps its certificates', async () => {
      const trusted = await bundle()
      expect(trusted).not.toBe('')
      for (const command of await commandsOf('upgrade.md', section))
        if (command !== 'meshwright check') await sh(command)
      expect(await bundle()).toBe(trusted)
      await cluster.until('three replicas, in order', 90_000, async () => {
        const replicas = await podsIn(cluster, own, 'app.kubernetes.io/component=webhook')
        const wrong = (await looks()).filter(({state}) => state === 'bad')
        if (replicas.length === 3 && wrong.length === 0) return true
        throw new Error(JSON.stringify(wrong))
      })
    })

    test('was never refused a right', async () => {
      for (const component of ['webhook', 'controller'] as const) {
        // After the upgrade it may have only just started.
        const log = await cluster.until(`the ${component} to say something`, 30_000, async () => {
          const said = pods.log(component)
          return said.includes('"level"') && said
        })
        expect(log.split('\n').filter((line) => /forbidden|MW6406|MW6502/i.test(line))).toEqual([])
      }
    })

    test('leaves nothing behind by the commands of docs/uninstall.md', async () => {
      for (const command of await commandsOf('uninstall.md', section)) await sh(command)
      await cluster.kubectl(['delete', 'namespace', 'shop', '--wait=false'])
      await cluster.until('nothing to be left', 150_000, async () => {
        const left = (await everything()).filter((object) => !before.includes(object))
        if (left.length > 0) throw new Error(left.join('\n'))
        return true
      })
      expect(await everything()).toEqual(before)
    })
  })
})

const labels = {app: 'istiod'}

/** As much of Istio's control plane as is looked at. */
function istiod(version: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name: 'istiod', namespace: 'istio-system', labels},
    spec: {
      selector: {matchLabels: labels},
      template: {
        metadata: {labels},
        spec: {containers: [{name: 'discovery', image: `docker.io/istio/pilot:${version}`}]},
      },
    },
  }
}

/** As Istio registers its own; nobody answers, and nobody minds. */
const istioInjector = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: {name: 'istio-sidecar-injector'},
  webhooks: [
    {
      name: 'namespace.sidecar-injector.istio.io',
      clientConfig: {url: 'https://127.0.0.1:1/inject'},
      namespaceSelector: {matchExpressions: [{key: 'istio-injection', operator: 'In', values: ['enabled']}]},
      rules: [{apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods']}],
      failurePolicy: 'Ignore',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
    },
  ],
}
