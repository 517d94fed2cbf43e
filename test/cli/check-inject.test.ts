import {describe, expect, it} from 'vitest'
import {meshwright} from './harness.ts'

const shop = ['-f', 'examples/shop', '--config', 'examples/shop/mesh.yaml']

function lines(text: string): string[] {
  return text.trimEnd().split('\n')
}

describe('check-inject', () => {
  it('lists every workload with its answer, and sums up', async () => {
    const {code, stdout, stderr} = await meshwright(['check-inject', ...shop])
    expect(code).toBe(0)
    expect(lines(stdout)).toHaveLength(9)
    expect(lines(stdout)[0]).toMatch(/^NAMESPACE +WORKLOAD +INJECTED +CODE +REASON$/)
    expect(stdout).toMatch(/^shop +cronjob\/nightly-report +yes +MW1005 +mesh\.autoInject is true for namespace shop$/m)
    expect(stderr).toContain('√ 8 of 8 workloads are injected, 0 are not, 0 refused')
  })

  it('names the fix where nothing is injected', async () => {
    const {stdout, stderr} = await meshwright(['check-inject', '-f', 'examples/shop', '-o', 'wide'])
    expect(stdout).toMatch(/user-service +no +MW1110 .*Label the namespace meshwright\.dev\/inject: enabled/)
    expect(stderr).toContain('‼ 0 of 8 workloads are injected, 8 are not, 0 refused')
  })

  it.each([
    [['deployment/user-service'], ['deployment/user-service']],
    [['user-service'], ['deployment/user-service']],
    [['-l', 'app=product-service,version!=v1'], ['deployment/product-service-v2']],
    [
      ['-l', 'app in (migrate, nightly-report)'],
      ['job/migrate', 'cronjob/nightly-report'],
    ],
    [['-n', 'elsewhere'], []],
    [['-n', 'elsewhere', '-A', '-l', 'app=migrate'], ['job/migrate']],
  ])('shows only what %j asks for', async (args, names) => {
    const {stdout} = await meshwright(['check-inject', ...args, ...shop, '-o', 'name'])
    expect(stdout.split('\n').filter(Boolean)).toEqual(names)
  })

  it('gives all of it as JSON', async () => {
    const {stdout} = await meshwright(['check-inject', 'migrate', ...shop, '-o', 'json'])
    expect(JSON.parse(stdout)).toEqual([
      {
        namespace: 'shop',
        name: 'job/migrate',
        injected: 'yes',
        code: 'MW1005',
        title: 'injected automatically',
        reason: 'mesh.autoInject is true for namespace shop',
        fix: expect.any(String),
        mesh: 'istio',
        sidecars: expect.arrayContaining(['istio-proxy']),
      },
    ])
  })

  it.each(['table', 'wide', 'json', 'name'])('ends with 1 where something is refused, as %s too', async (format) => {
    const stdin = `apiVersion: v1
kind: Pod
metadata: {name: web, labels: {meshwright.dev/inject: maybe}}
spec: {containers: [{name: web}]}
`
    const {code, stdout} = await meshwright(['check-inject', '-f', '-', '-o', format], {stdin})
    expect(code).toBe(1)
    expect(stdout).toContain(format === 'name' ? 'pod/web' : format === 'json' ? '"refused"' : 'refused')
  })

  it('counts what carries a sidecar already', async () => {
    const {stdout} = await meshwright(['inject', ...shop, '--mesh', 'consul'])
    const checked = await meshwright(
      ['check-inject', '-f', '-', '--config', 'examples/shop/mesh.yaml', '--mesh', 'consul'],
      {stdin: stdout},
    )
    expect(checked.stdout).toContain('MW1115')
    expect(checked.stderr).toContain('8 of 8 workloads are injected')
  })

  it('says what is wrong with a name, a selector, and the absence of a cluster', async () => {
    expect(await meshwright(['check-inject', 'nobody', ...shop])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no workload nobody in the manifests'),
    })
    expect(await meshwright(['check-inject', ...shop, '-l', 'a b'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the selector "a b" cannot be read'),
    })
    expect(
      await meshwright(['check-inject'], {env: {KUBECONFIG: '/nowhere/kubeconfig', HOME: '/nowhere'}}),
    ).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no cluster: give --kubeconfig'),
    })
  })
})
