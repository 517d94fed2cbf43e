import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {needsShared} from '../shared.ts'
import {program} from './command.ts'
import {controllerKubeconfig, ControllerProcess, installController} from './controller.ts'
import {settledPods} from './pods.ts'
import {meshConfig, rule, RuleCluster, service} from './rule-cluster.ts'

// What people see of rules in a cluster, and of what they would change.

needsShared('the commands for a cluster', (shared) => {
  let cluster: Cluster
  let rules: RuleCluster
  let controller: ControllerProcess

  const policy = (timeout: string, name = 'order-service') =>
    rule('TrafficPolicy', 'shop', name, {service: name, timeout})
  const inForce = {Accepted: 'True', Programmed: 'True Programmed'}

  beforeAll(async () => {
    cluster = await startCluster()
    rules = new RuleCluster(cluster)
    await rules.installMeshes(shared)
    await installController(cluster)
    controller = ControllerProcess.start(cluster, await controllerKubeconfig(cluster), ['--lease-duration', '5s'])
    await cluster.createNamespace('shop')
    await rules.apply(...service('shop', 'order-service', ['v1', 'v2']), ...service('shop', 'user-service'))
    await settledPods(cluster, 'shop', 3)
    await rules.apply(meshConfig({mesh: {type: 'istio'}}), policy('5s'))
    await rules.conditions('TrafficPolicy', 'shop', 'order-service', inForce)
    await rules.conditions('MeshConfig', '', 'default', inForce)
  })

  afterAll(async () => {
    await controller.end()
    await cluster.stop()
  })

  async function run(args: readonly string[], stdin = '') {
    const child = spawn(program, args, {env: {...process.env, KUBECONFIG: cluster.kubeconfig}})
    child.stdin.end(stdin)
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return {code: child.exitCode, stdout, stderr}
  }

  describe('status', () => {
    test('lists rules with what became of them', async () => {
      const {code, stdout, stderr} = await run(['status', '-A'])
      expect(stdout).toMatch(/^NAMESPACE +RULE +ACCEPTED +PROGRAMMED +APPROXIMATED +REASON\n/)
      expect(stdout).toMatch(/^shop +trafficpolicy\/order-service +True +True +False +Programmed$/m)
      expect(stdout).toMatch(/^ +meshconfig\/default +True +True +False +Programmed$/m)
      expect(stderr).toContain('2 of 2 rules are in force')
      expect(code).toBe(0)
    })

    test('lists those of one namespace, or one rule', async () => {
      expect((await run(['status', '-n', 'default', '-o', 'name'])).stdout).toBe('')
      expect((await run(['status', '-n', 'shop', '-o', 'name'])).stdout).toBe('trafficpolicy/order-service\n')
      expect((await run(['status', 'order-service', '-n', 'shop', '-o', 'name'])).code).toBe(0)
      const {code, stderr} = await run(['status', 'nobody', '-n', 'shop'])
      expect({code, stderr}).toEqual({code: 1, stderr: 'meshwright: there is no rule nobody\n'})
    })

    test('ends with 1 where a rule is not in force, and tells programs all of it', async () => {
      await rules.apply(policy('5s', 'nobody'))
      await rules.conditions('TrafficPolicy', 'shop', 'nobody', {Accepted: 'False'})
      const {code, stdout} = await run(['status', '-n', 'shop', '-o', 'json'])
      expect(code).toBe(1)
      expect(JSON.parse(stdout)).toMatchObject([
        {kind: 'TrafficPolicy', name: 'nobody', inForce: false, findings: [{code: 'MW6001', kind: 'refused'}]},
        {kind: 'TrafficPolicy', name: 'order-service', inForce: true, findings: []},
      ])
      await rules.delete('trafficpolicy', 'shop', 'nobody')
    })

    test('goes on with a line for each change', async () => {
      const child = spawn(program, ['status', '-w', '-n', 'shop', '--kubeconfig', cluster.kubeconfig])
      let stdout = ''
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString()
      })
      const lines = (pattern: RegExp) => cluster.until(String(pattern), 20_000, async () => pattern.test(stdout))
      await lines(/trafficpolicy\/order-service +True +True/)
      await rules.apply(policy('5s', 'nobody'))
      await lines(/trafficpolicy\/nobody +False +False +False +ServiceNotFound/)
      child.kill('SIGTERM')
      await once(child, 'exit')
      expect(child.exitCode).toBe(0)
      await rules.delete('trafficpolicy', 'shop', 'nobody')
    })

    test('says which cluster it cannot reach', async () => {
      const {code, stderr} = await run(['status', '--kubeconfig', join(cluster.dir, 'none')])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^meshwright: cannot read the kubeconfig/)
    })
  })

  describe('diff', () => {
    const diff = (...objects: readonly object[]) =>
      run(['diff', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'))

    test('is empty where nothing would change', async () => {
      expect(await diff(policy('5s'))).toEqual({code: 0, stdout: '', stderr: ''})
    })

    test('shows what would, and writes nothing', async () => {
      const before = JSON.stringify(await rules.written())
      const {code, stdout} = await diff(policy('9s'))
      expect(code).toBe(1)
      expect(stdout).toContain('--- LIVE/VirtualService shop/order-service\n')
      expect(stdout).toMatch(/^-.*timeout: 5s\n\+.*timeout: 9s$/m)
      expect(stdout).not.toMatch(/managedFields|resourceVersion|meshwright\.dev\/applied/)
      expect(JSON.stringify(await rules.written())).toBe(before)
    })

    test('shows what would be made', async () => {
      const access = {destination: 'order-service', action: 'ALLOW', from: [{service: 'user-service'}]}
      const {code, stdout} = await diff(rule('AccessPolicy', 'shop', 'orders', access))
      expect(code).toBe(1)
      expect(stdout).toContain('+++ MERGED/AuthorizationPolicy shop/order-service-allow\n@@ -0,0 ')
      expect(stdout).not.toContain('VirtualService')
    })

    test('shows what another mesh would get, and what would go', async () => {
      const {code, stdout} = await diff(meshConfig({mesh: {type: 'linkerd'}}))
      expect(code).toBe(1)
      expect(stdout).toContain('+++ MERGED/HTTPRoute shop/order-service')
      expect(stdout).toContain('+++ MERGED/VirtualService shop/order-service\n@@ -1,')
      expect(stdout).toMatch(/ \+0,0 @@$/m)
    })

    test('tells what would be refused, and whose an object is that is in the way', async () => {
      const refused = await diff(policy('5s', 'nobody'))
      expect(refused).toMatchObject({code: 1, stdout: '', stderr: expect.stringContaining('MW6001')})
      await rules.apply({
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: {name: 'user-service', namespace: 'shop'},
        spec: {hosts: ['theirs']},
      })
      const {code, stderr} = await diff(policy('5s', 'user-service'))
      expect(code).toBe(1)
      expect(stderr).toContain('MW6402 VirtualService shop/user-service belongs to kubectl')
    })

    test('ends with 2 where it cannot tell', async () => {
      const file = join(cluster.dir, 'wrong.yaml')
      await writeFile(file, 'kind: [')
      expect((await run(['diff', '-f', file])).code).toBe(2)
      expect((await run(['diff'])).code).toBe(2)
      expect((await run(['diff', '-f', '-', '--kubeconfig', join(cluster.dir, 'none')], '{}')).code).toBe(2)
    })
  })

  // Last, for nothing of Meshwright is left afterwards but the rules.
  describe('uninstall', () => {
    const crds = ['get', 'crd', '-l', 'app.kubernetes.io/part-of=meshwright', '-o', 'name']
    const own = ['get', 'all,configmap,networkpolicy,serviceaccount', '-n', 'meshwright-system', '-o', 'name']

    test('does nothing where there are rules and nobody says what becomes of them', async () => {
      await controller.end()
      const values = ['--set', 'monitoring.dashboards=true']
      expect(await run(['install', '--mesh', 'istio', '--no-wait', ...values])).toMatchObject({code: 0})
      const before = (await cluster.kubectl(own)).stdout
      expect(before).toContain('configmap/meshwright-own-dashboard')
      const {code, stderr} = await run(['uninstall'])
      expect(code).not.toBe(0)
      expect(stderr).toMatch(/there are 2 rules, and \d+ objects made of them: .* nothing was done/)
      for (const kind of ['deployment', 'configmap', 'mutatingwebhookconfiguration'])
        expect((await cluster.kubectl(['get', kind, '-A', '-o', 'name'])).stdout).toContain('meshwright')
    })

    test.each([
      ['uninstall', '--rules', 'delete'],
      ['uninstall', '--only', 'rules'],
      ['install', '--no-wait'],
    ])('%s %s %s: not from another namespace than the one it is in', async (...args) => {
      const {code, stderr} = await run([...args, '-n', 'elsewhere'])
      expect(stderr).toMatch(/belongs to an installation in the namespace meshwright-system.*nothing was done/)
      expect(code).toBe(1)
      const there = await cluster.kubectl(['get', 'meshconfigs,trafficpolicies', '-A', '-o', 'name'])
      expect(there.stdout.trim().split('\n')).toHaveLength(2)
    })

    test('check --pre says so as well', async () => {
      const {stdout} = await run(['check', '--pre', '-n', 'elsewhere'])
      expect(stdout).toMatch(/× .*belongs to an installation in the namespace meshwright-system/)
    })

    test('a dry run names everything that would go, and what keeps the namespace', async () => {
      const dry = ['uninstall', '--dry-run', '--rules', 'delete']
      const {stderr} = await run(dry)
      expect(stderr).toContain('Lease meshwright-system/meshwright-controller would go')
      expect(stderr).toContain('TrafficPolicy shop/order-service would go')
      expect(stderr).toContain('Namespace meshwright-system would go')
      const secret = ['secret', 'generic', 'somebodys', '-n', 'meshwright-system']
      await cluster.kubectl(['create', ...secret])
      expect((await run(dry)).stderr).toMatch(/Namespace meshwright-system holds Secret .*somebodys, and stays/)
      await cluster.kubectl(['delete', 'secret', 'somebodys', '-n', 'meshwright-system'])
    })

    test('a Secret that somebody brought for the webhook is theirs, and keeps the namespace', async () => {
      const brought = ['secret', 'meshwright-webhook-tls', '-n', 'meshwright-system']
      await cluster.kubectl(['create', 'secret', 'generic', ...brought.slice(1)])
      const {stderr} = await run(['uninstall', '--dry-run', '--rules', 'delete'])
      expect(stderr).toMatch(/holds Secret meshwright-system\/meshwright-webhook-tls, and stays/)
      expect(stderr).not.toContain('meshwright-webhook-tls would go')
      await cluster.kubectl(['delete', ...brought])
    })

    test('certs rotate says who is to be asked where somebody else issues', async () => {
      const args = (op: 'add' | 'remove') => {
        const path = '/spec/template/spec/containers/0/args/0'
        const patch = [{op, path, ...(op === 'add' && {value: '--certificates=external'})}]
        const deployment = ['deployment', 'meshwright-controller', '-n', 'meshwright-system']
        return cluster.kubectl(['patch', ...deployment, '--type=json', '-p', JSON.stringify(patch)])
      }
      expect((await args('add')).code).toBe(0)
      const {code, stderr} = await run(['certs', 'rotate'])
      expect(stderr).toMatch(
        /meshwright-webhook-tls is not the controller's.*external: put another certificate into it/,
      )
      expect(code).toBe(1)
      expect((await args('remove')).code).toBe(0)
    })

    test('a rule in its own namespace keeps the namespace where rules are kept, and only there', async () => {
      await rules.apply(rule('MeshService', 'meshwright-system', 'kept', {port: 8080}))
      const keep = await run(['uninstall', '--dry-run', '--rules', 'keep'])
      expect(keep.stderr).toMatch(/holds MeshService meshwright-system\/kept, and stays/)
      const remove = await run(['uninstall', '--dry-run', '--rules', 'delete'])
      expect(remove.stderr).toContain('MeshService meshwright-system/kept would go')
      expect(remove.stderr).toContain('Namespace meshwright-system would go')
      await rules.delete('meshservice', 'meshwright-system', 'kept')
    })

    test('leaves the rules, their kinds and what was made of them where they are to be kept', async () => {
      const [kinds, made] = [(await cluster.kubectl(crds)).stdout, await rules.names('shop')]
      expect(kinds.trim().split('\n')).toHaveLength(4)
      expect(made).toContain('VirtualService order-service')
      expect(await run(['uninstall', '--rules', 'keep'])).toMatchObject({code: 0})
      expect((await cluster.kubectl(crds)).stdout).toBe(kinds)
      expect(await rules.names('shop')).toEqual(made)
      expect((await cluster.kubectl(['get', 'meshconfigs,trafficpolicies', '-A', '-o', 'name'])).stdout).toBe(
        'meshconfig.meshwright.dev/default\ntrafficpolicy.meshwright.dev/order-service\n',
      )
      const kept = (await cluster.kubectl(['get', 'mutatingwebhookconfiguration,clusterrole', '-o', 'name'])).stdout
      expect(kept).not.toContain('meshwright')
      await cluster.until('the namespace to go', 60_000, async () => {
        const {code} = await cluster.kubectl(['get', 'namespace', 'meshwright-system'])
        return code !== 0
      })
    })

    test('takes away what was made of the configuration too, although the controller would write it again', async () => {
      expect(await run(['install', '--mesh', 'istio', '--no-wait'])).toMatchObject({code: 0})
      const file = join(cluster.dir, 'mesh.yaml')
      await writeFile(file, 'mesh: {type: istio, autoInject: true, security: {mutualTLS: true}}\n')
      controller = ControllerProcess.start(cluster, await controllerKubeconfig(cluster), ['--config', file])
      const made = ['get', 'peerauthentications', '-A', '-o', 'name']
      await rules.delete('meshconfig', undefined, 'default')
      await cluster.until('the objects', 30_000, async () => (await cluster.kubectl(made)).stdout !== '')
      const pod = [
        'get',
        'pods',
        '-n',
        'meshwright-system',
        '-l',
        'app.kubernetes.io/component=controller',
        '-o',
        'name',
      ]
      await cluster.until("the controller's pod", 30_000, async () => (await cluster.kubectl(pod)).stdout !== '')
      const held = (finalizers: readonly string[] | null) =>
        cluster.kubectl(
          ['patch', 'peerauthentication', 'default', '-n', 'shop', '--type=merge', '-p'].concat(
            JSON.stringify({metadata: {finalizers}}),
          ),
        )
      expect((await held(['example.com/hold'])).code).toBe(0)
      // The process that plays the pod ends with it.
      const ended = cluster
        .until("the controller's pod to be taken away", 90_000, async () => (await cluster.kubectl(pod)).stdout === '')
        .then(() => controller.end())
      const {code, stderr} = await run(['uninstall', '--only', 'rules'])
      await ended
      expect(stderr).toContain('has no replicas any more')
      const leaving = 'PeerAuthentication shop/default is marked to go, and stays until its finalizers have let it'
      expect(stderr).toContain(`${leaving}: example.com/hold`)
      expect(code).toBe(0)
      await held(null)
      expect((await cluster.kubectl(made)).stdout).toBe('')
      expect(await run(['uninstall', '--rules', 'delete'])).toMatchObject({code: 0})
    })
  })
})
