import {describe, expect, it} from 'vitest'
import {meshNames} from '../../src/mesh/mesh.ts'
import {documentsOf, Folder, meshwright} from './harness.ts'

const rules = `apiVersion: meshwright.dev/v1alpha1
kind: TrafficPolicy
metadata: {name: orders, namespace: shop}
spec:
  service: orders
  timeout: 5s
---
apiVersion: meshwright.dev/v1alpha1
kind: AccessPolicy
metadata: {name: orders, namespace: shop}
spec: {destination: orders, action: DENY, from: [{service: users}]}
---
${workload('orders')}---
${workload('users')}`

function workload(name: string): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {serviceAccountName: ${name}, containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
`
}

const kindsOf = (stdout: string) => documentsOf(stdout).map(({kind}) => kind)

describe('render', () => {
  it('prints objects of the mesh that is named', async () => {
    const {code, stdout} = await meshwright(['render', '-f', '-', '--mesh', 'istio'], {stdin: rules})
    expect(code).toBe(0)
    expect(kindsOf(stdout)).toEqual(expect.arrayContaining(['VirtualService', 'AuthorizationPolicy']))
  })

  it('prints what stands, says with its line what is refused, and ends with 1', async () => {
    const {code, stdout, stderr} = await meshwright(['render', '-f', '-', '--mesh', 'linkerd'], {stdin: rules})
    expect(code).toBe(1)
    expect(kindsOf(stdout)).toContain('HTTPRoute')
    expect(stderr).toMatch(/^× stdin:11:\d+: MW62\d\d deny \(refused\): /m)
  })

  it('prints the same objects as JSON', async () => {
    const yaml = await meshwright(['render', '-f', '-'], {stdin: rules})
    const json = await meshwright(['render', '-f', '-', '-o', 'json'], {stdin: rules})
    expect(JSON.parse(json.stdout)).toEqual({apiVersion: 'v1', kind: 'List', items: documentsOf(yaml.stdout)})
    expect([json.code, json.stderr]).toEqual([yaml.code, yaml.stderr])
  })

  it('marks every object with its unit', async () => {
    const {stdout} = await meshwright(['render', '-f', '-', '--mesh', 'consul'], {stdin: rules})
    const marks = documentsOf(stdout).map(({metadata}) => metadata.annotations)
    expect(marks).toContainEqual({'meshwright.dev/unit': 'service/shop/orders'})
    expect(JSON.stringify(marks)).not.toContain('meshwright.dev/applied')
  })

  it('prints a Service whole where it is in the input, and says so where it is not', async () => {
    const retries = rules.replace('timeout: 5s', 'circuitBreaker: {threshold: 5}').replace('DENY', 'ALLOW')
    const whole = await meshwright(['render', '-f', '-', '--mesh', 'linkerd'], {stdin: retries})
    expect(documentsOf(whole.stdout).find(({kind}) => kind === 'Service')).toMatchObject({
      metadata: {annotations: {'balancer.linkerd.io/failure-accrual': 'consecutive'}},
      spec: {selector: {app: 'orders'}},
    })
    const alone = await meshwright(['render', '-f', '-', '--mesh', 'linkerd'], {stdin: retries.split('---')[0] ?? ''})
    expect(alone.stderr).toContain('Service shop/orders is not in the input: apply its annotations with kubectl apply')
  })

  it('reads a folder with all that is below it, and the configuration in it', async () => {
    const {stdout, stderr} = await meshwright(['render', '-f', 'examples/shop', '--mesh', 'istio'])
    expect(stdout).toContain('meshwright.dev/unit: service/shop/payment-service')
    expect(stdout).toContain('meshwright.dev/unit: service/shop/product-service')
    expect(stderr).not.toContain('mesh.yaml: left out')
    const flat = await meshwright(['render', '-f', 'examples/shop', '--no-recursive', '--mesh', 'istio'])
    expect(flat.stdout).not.toContain('timeout: 20s')
  })

  it('takes the configuration and its environment from the command line', async () => {
    using folder = new Folder()
    const config = folder.write(
      'mesh.yaml',
      'mesh: {type: istio, injectionNamespace: shop}\nenvironments: {secure: {mesh: {security: {mutualTLS: true}}}}\n',
    )
    const base = await meshwright(['render', '-f', '-', '--config', config], {stdin: rules})
    expect(kindsOf(base.stdout)).not.toContain('PeerAuthentication')
    const secure = await meshwright(['render', '-f', '-', '--config', config, '--env', 'secure'], {stdin: rules})
    expect(kindsOf(secure.stdout)).toContain('PeerAuthentication')
    const unknown = await meshwright(['render', '-f', '-', '--config', config, '--env', 'secur'], {stdin: rules})
    expect([unknown.code, unknown.stdout]).toEqual([1, ''])
    expect(unknown.stderr).toContain('unknown environment "secur"')
  })

  it.each([
    [['render'], 'no rules; name them with -f FILE'],
    [['render', '-f', '-', '--mesh', 'kuma'], 'Allowed choices are istio, linkerd, consul'],
  ])('ends with 2 where the command line is wrong: %j', async (args, sentence) => {
    const {code, stderr} = await meshwright(args, {stdin: rules})
    expect(code).toBe(2)
    expect(stderr).toContain(sentence)
  })
})

describe.each(meshNames)('the shop on %s', (mesh) => {
  it.each(['development', 'staging', 'production'])('has nothing refused: %s', async (environment) => {
    const args = ['render', '-f', 'examples/shop', '--mesh', mesh, '--env', environment]
    const {code, stdout, stderr} = await meshwright(args)
    expect({code, refusals: stderr.split('\n').filter((line) => line.startsWith('×'))}).toEqual({code: 0, refusals: []})
    expect(documentsOf(stdout).length).toBeGreaterThan(5)
  })

  it('passes its rules through inject', async () => {
    const files = ['-R', '-f', 'examples/shop', '--config', 'examples/shop/mesh.yaml']
    const {code, stdout} = await meshwright(['inject', ...files, '--mesh', mesh])
    expect(code).toBe(0)
    expect(kindsOf(stdout).filter((kind) => kind === 'TrafficPolicy')).toHaveLength(3)
  })
})

describe('validate', () => {
  it('says of every rule what each mesh makes of it, and prints no objects', async () => {
    const {code, stdout, stderr} = await meshwright(['validate', '-f', '-'], {stdin: rules})
    expect(code).toBe(1)
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['KIND', 'NAMESPACE', 'NAME', 'ISTIO', 'LINKERD', 'CONSUL'],
      ['AccessPolicy', 'shop', 'orders', 'approximated', 'refused', 'exact'],
      ['TrafficPolicy', 'shop', 'orders', 'exact', 'exact', 'exact'],
      [''],
    ])
    expect(stderr).toMatch(/^× linkerd: stdin:11:\d+: MW62\d\d deny \(refused\): /m)
  })

  it('asks one mesh where one is named', async () => {
    const {code, stdout} = await meshwright(['validate', '-f', '-', '--mesh', 'istio'], {stdin: rules})
    expect(code).toBe(0)
    expect(stdout).not.toContain('CONSUL')
  })

  it('refuses what is wrong whatever the mesh, with its line', async () => {
    const stdin = rules.replace('timeout: 5s', 'timeout: 5 s')
    const {code, stderr} = await meshwright(['validate', '-f', '-'], {stdin})
    expect(code).toBe(1)
    for (const mesh of meshNames) expect(stderr).toMatch(new RegExp(`^× ${mesh}: stdin:6:\\d+: MW60\\d\\d `, 'm'))
  })

  it('says the same as JSON', async () => {
    const {code, stdout} = await meshwright(['validate', '-f', '-', '-o', 'json'], {stdin: rules})
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject([
      {kind: 'AccessPolicy', meshes: {linkerd: {outcome: 'refused', findings: [{feature: 'deny', kind: 'refused'}]}}},
      {kind: 'TrafficPolicy', meshes: {consul: {outcome: 'exact', findings: []}}},
    ])
  })
})

describe('capabilities', () => {
  it('lists every feature for each mesh', async () => {
    const {code, stdout} = await meshwright(['capabilities'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^plaintext +linkerd +refused +\S/m)
  })

  it('says the same as JSON', async () => {
    const {stdout} = await meshwright(['capabilities', '-o', 'json', '--mesh', 'linkerd'])
    const rows: unknown[] = JSON.parse(stdout)
    expect(rows).toContainEqual(
      expect.objectContaining({
        feature: 'plaintext',
        meshes: {linkerd: {support: 'refused', note: expect.any(String)}},
      }),
    )
  })
})
