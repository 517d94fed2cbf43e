import {describe, expect, test} from 'vitest'
import {loadConfiguration} from '../../config/load.ts'
import type {KubeObject} from '../../mesh/pod.ts'
import {trafficFragment} from '../fragment.ts'
import {LocalStore} from './store.ts'

const service = {namespace: 'shop', name: 'order-service'}
const web = {name: 'web', version: 'v1'}
const split = (stable: number) =>
  trafficFragment(web, 'split', service, {
    versions: [{name: 'v1.0.0'}, {name: 'v1.1.0'}],
    split: [
      {version: 'v1.0.0', weight: stable},
      {version: 'v1.1.0', weight: 100 - stable},
    ],
    timeout: '5s',
    retries: {attempts: 3},
  })
const breaker = trafficFragment(web, 'circuit-breaker', service, {
  circuitBreaker: {threshold: 5, timeout: '30s', recovery: '60s'},
})

function store(text = '', objects: readonly KubeObject[] = []) {
  const loaded = loadConfiguration([{file: 'mesh.yaml', text}])
  if (!loaded.ok) throw new Error('the configuration does not load')
  return new LocalStore(loaded.loaded, undefined, objects)
}

describe('rules in process', () => {
  test('are in force as soon as they are put, in the form that a controller would translate', async () => {
    const rules = store()
    await rules.put(split(80))
    await rules.put(breaker)
    expect(rules.trafficOf(service)).toMatchObject({
      routes: [
        {
          backends: [
            {subset: 'v1.0.0', weight: 80},
            {subset: 'v1.1.0', weight: 20},
          ],
          timeout: 5000,
          retries: {attempts: 3, on: expect.arrayContaining(['gateway-error', 'reset'])},
        },
      ],
      breaker: {threshold: 5, timeout: 30_000, recovery: 60_000},
    })
    expect(await rules.applied(breaker)).toEqual({exact: true, approximations: []})
  })

  test('go one by one', async () => {
    const rules = store()
    await rules.put(split(80))
    await rules.put(breaker)
    await rules.remove(split(80))
    expect(rules.trafficOf(service)).toMatchObject({routes: [], breaker: {threshold: 5}})
    await rules.remove(breaker)
    expect(rules.trafficOf(service)).toBeUndefined()
  })

  test('replace what the same call said before, and conflict with what another said', async () => {
    const rules = store()
    await rules.put(split(80))
    await rules.put(split(50))
    expect(rules.trafficOf(service)?.routes[0]?.backends.map(({weight}) => weight)).toEqual([50, 50])
    const other = trafficFragment({name: 'admin', version: ''}, 'split', service, {timeout: '9s'})
    await expect(rules.put(other)).rejects.toThrow(/spec\.timeout is said by meshwright-sdk\/web\/split\/v1/)
  })

  test('come from the configuration as well, with enableBypass above all', async () => {
    const rules = store(`
mesh:
  trafficManagement:
    enableBypass: true
    destinationRules:
      - {host: user-service.default.svc.cluster.local, subsets: [{name: v1, labels: {version: v1}}]}
    virtualServices:
      - hosts: [user-service.default.svc.cluster.local]
        http: [{route: [{destination: {host: user-service.default.svc.cluster.local, subset: v1}, weight: 100}]}]
`)
    expect(rules.trafficOf({namespace: 'default', name: 'user-service'})?.routes).toMatchObject([
      {backends: [{subset: 'v1', weight: 100}]},
    ])
  })

  test('of a file and of a call are one answer, and what the file says stays', async () => {
    const rules = store('', [
      {
        apiVersion: 'meshwright.dev/v1alpha1',
        kind: 'TrafficPolicy',
        metadata: service,
        spec: {service: service.name, timeout: '9s'},
      },
    ])
    await rules.put(breaker)
    expect(rules.trafficOf(service)).toMatchObject({routes: [{timeout: 9000}], breaker: {threshold: 5}})
    await expect(rules.put(split(80))).rejects.toThrow('spec.timeout is said by a file of rules')
    await rules.remove(breaker)
    expect(rules.trafficOf(service)).toMatchObject({routes: [{timeout: 9000}]})
  })

  test('that nobody can follow say why', async () => {
    const rules = store()
    const canary = trafficFragment(web, 'canary', service, {canary: {version: 'v2', percent: 10}})
    await rules.put(canary)
    await rules.put(trafficFragment(web, 'split', service, {retries: {attempts: 1}}))
    const outcome = await rules.applied(canary).catch((error: unknown) => error)
    expect(outcome).toMatchObject({code: 'MESH_RULE'})
  })
})
