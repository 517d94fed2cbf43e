import {describe, expect, it} from 'vitest'
import {Folder, meshwright} from './harness.ts'

const pod = (metadata: string, spec = '') => `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop${metadata}}
spec: {containers: [{name: web, image: nginx}]${spec}}
`
const namespace = (metadata: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, ${metadata}}\n---\n`

interface Step {
  readonly rank: number
  readonly says: string
  readonly heeded: boolean
  readonly decides: boolean
  readonly sentence: string
}

async function explained(stdin: string, ...args: string[]) {
  const {stdout} = await meshwright(['explain', '-f', '-', '-o', 'json', ...args], {stdin})
  const [explanation] = JSON.parse(stdout)
  const steps: Step[] = explanation.steps
  return {...explanation, steps, decider: steps.find(({decides}) => decides)?.rank}
}

describe('who spoke', () => {
  it.each([
    ['the pod', pod(', labels: {meshwright.dev/inject: enabled}'), 2, 'MW1001'],
    ['the pod, by annotation', pod(', annotations: {meshwright.dev/inject: disabled}'), 2, 'MW1104'],
    ["the pod, by the mesh's own key", pod(', labels: {sidecar.istio.io/inject: "true"}'), 3, 'MW1002'],
    ['the namespace', namespace('labels: {meshwright.dev/inject: enabled}') + pod(''), 4, 'MW1003'],
    ["the namespace, by the mesh's own switch", namespace('labels: {istio-injection: enabled}') + pod(''), 5, 'MW1004'],
    ['nobody', pod(''), 7, 'MW1110'],
  ])('%s', async (_, stdin, decider, code) => {
    expect(await explained(stdin)).toMatchObject({code, decider})
  })

  it('those of lower rank are heard too', async () => {
    const {steps, decider} = await explained(
      namespace('labels: {meshwright.dev/inject: enabled, istio-injection: enabled}') +
        pod(', labels: {meshwright.dev/inject: disabled, sidecar.istio.io/inject: "false"}'),
    )
    expect(decider).toBe(2)
    expect(steps.map((step: Step) => step.says)).toEqual(['nothing', 'no', 'no', 'yes', 'yes', 'nothing', 'no'])
  })
})

describe('what is told', () => {
  it('the answer with its reason, its fix, overrides and sidecars', async () => {
    const stdin = pod(', labels: {meshwright.dev/inject: enabled}, annotations: {meshwright.dev/concurrency: "2"}')
    expect(await explained(stdin)).toMatchObject({
      name: 'pod/web',
      namespace: 'shop',
      mesh: 'istio',
      decision: 'injected',
      fix: expect.stringContaining('set it to disabled'),
      overrides: {concurrency: 2},
      sidecars: expect.arrayContaining(['istio-proxy']),
    })
  })

  it('what a rule of higher rank did to a yes', async () => {
    const {code, decider, findings} = await explained(
      pod(', labels: {meshwright.dev/inject: enabled}', ', hostNetwork: true'),
    )
    expect({code, decider}).toEqual({code: 'MW1112', decider: 2})
    expect(findings).toContainEqual(expect.objectContaining({code: 'MW3004', key: 'meshwright.dev/inject'}))
  })

  it('as a table for people, with the step that decided marked', async () => {
    const {code, stdout} = await meshwright([
      'explain',
      '-f',
      'examples/shop/orders.yaml',
      '--config',
      'examples/shop/mesh.yaml',
    ])
    expect(code).toBe(0)
    expect(stdout).toContain('deployment/order-service in namespace shop, istio: injected\n  MW1005 ')
    expect(stdout).toMatch(/^ {2}→ {3}6 {3}mesh\.autoInject {2,}yes {2,}true, in shop$/m)
    expect(stdout).toMatch(/mesh\.autoInject: true {2}examples\/shop\/mesh\.yaml:\d+:\d+ \(base\)/)
  })

  it('a refusal, with exit code 1 in every format', async () => {
    const stdin = pod(', labels: {meshwright.dev/inject: "maybe"}')
    expect(await explained(stdin)).toMatchObject({code: 'MW2001', decision: 'refused', decider: 2})
    for (const format of ['table', 'json']) {
      expect((await meshwright(['explain', '-f', '-', '-o', format], {stdin})).code).toBe(1)
    }
  })

  it('that there is nothing to explain', async () => {
    const stdin = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n'
    expect(await meshwright(['explain', '-f', '-'], {stdin})).toMatchObject({code: 1, stdout: ''})
  })
})

it('under mesh.enforced an opt-out is shown and not heeded', async () => {
  using folder = new Folder()
  const config = folder.write('mesh.yaml', 'mesh: {enforced: true, autoInject: true}\n')
  const {code, steps, decider} = await explained(pod(', labels: {meshwright.dev/inject: disabled}'), '--config', config)
  expect({code, decider}).toEqual({code: 'MW1005', decider: 6})
  expect(steps[1]).toMatchObject({says: 'no', heeded: false, sentence: expect.stringContaining('mesh.enforced')})
})
