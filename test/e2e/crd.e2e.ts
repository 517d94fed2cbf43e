import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {definitionTexts} from '../../src/crd/definition.ts'
import {isValues, type Values} from '../../src/mesh/values.ts'
import {wrongAccess, wrongTraffic, type Wrong} from '../../src/rules/testing.ts'
import {startCluster, type Cluster} from '../cluster/cluster.ts'
import {needsShared} from '../shared.ts'

// What the API server itself makes of the definitions, and of objects that it is to keep or refuse.

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster()
  for (const text of definitionTexts().values()) {
    expect(await cluster.kubectl(['apply', '--server-side', '-f', '-'], {stdin: text})).toMatchObject({
      code: 0,
      stderr: '',
    })
  }
  const waiting = ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']
  expect((await cluster.kubectl(waiting)).code).toBe(0)
  await cluster.createNamespace('shop')
})

afterAll(async () => {
  await cluster.stop()
})

const apiVersion = 'meshwright.dev/v1alpha1'

interface Answer {
  readonly code: number
  readonly stderr: string
}

/** Applies as a user would: from a file, the server checking every field. */
async function apply(text: string): Promise<Answer> {
  const {code, stderr} = await cluster.kubectl(['apply', '--dry-run=server', '-n', 'shop', '-f', '-'], {stdin: text})
  return {code, stderr}
}

function object(kind: string, name: string, spec: unknown): string {
  return JSON.stringify({apiVersion, kind, metadata: {name}, spec})
}

const taken = {code: 0, stderr: ''}

describe('the definitions', () => {
  test('are structural, established, and in the category mesh', async () => {
    const {stdout} = await cluster.kubectl(['get', 'crd', '-o', 'json'])
    const {items} = JSON.parse(stdout) as {items: {status: {conditions: {type: string; status: string}[]}}[]}
    expect(items).toHaveLength(4)
    for (const {status} of items) {
      const held = status.conditions.filter((condition) => condition.status === 'True').map(({type}) => type)
      expect(held.toSorted()).toEqual(['Established', 'NamesAccepted'])
    }
    const {stdout: names} = await cluster.kubectl(['api-resources', '--categories=mesh', '--no-headers'])
    expect(names.split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual([
      'accesspolicies ap',
      'meshconfigs mc',
      'meshservices msvc',
      'trafficpolicies tp',
      '',
    ])
  })

  test.for([
    [
      'trafficpolicy.spec',
      ['circuitBreaker', 'The traffic of one service.', 'Shares of the traffic; weights sum to 100'],
    ],
    ['trafficpolicy.spec.retries', ['attempts\t<integer> -required-', 'Tries after the first one; 0: none.']],
    ['trafficpolicy.spec.routes.match.headers', ['Headers that must be there']],
    ['accesspolicy.spec.action', ['ENUM: ALLOW DENY', 'whoever no ALLOW rule names is turned away']],
    ['meshservice.spec', ['healthCheck', 'The port that the service listens on.']],
    ['meshconfig.spec.mesh', ['injectionNamespace', 'The mesh and its sidecar.']],
    ['mc.status.conditions', ['observedGeneration']],
  ] as const)('kubectl explain %s reads well', async ([path, told]) => {
    // The API server serves a new kind before it has described it.
    const {stdout} = await cluster.until(`the description of ${path}`, 30_000, async () => {
      const explained = await cluster.kubectl(['explain', path])
      return explained.code === 0 && explained
    })
    for (const text of told) expect(stdout.replaceAll(/\s*\n\s*/g, ' ')).toContain(text.replaceAll(/\s*\n\s*/g, ' '))
    expect(stdout).not.toContain('<no description>')
  })

  test('every field of a spec has a description', async () => {
    const paths: string[] = []
    for (const file of definitionTexts().keys()) {
      const {stdout} = await cluster.kubectl(['get', 'crd', file.replace('.yaml', '.meshwright.dev'), '-o', 'json'])
      const {spec} = JSON.parse(stdout) as {spec: {versions: {schema: {openAPIV3Schema: Values}}[]}}
      for (const {schema} of spec.versions) undescribed(schema.openAPIV3Schema, file, paths)
    }
    expect(paths.filter((path) => !path.endsWith('.yaml.metadata'))).toEqual([])
  })
})

function undescribed(schema: Values, path: string, found: string[]): void {
  if (typeof schema['description'] !== 'string') found.push(path)
  const {properties, items} = schema
  if (isValues(properties)) {
    for (const [key, value] of Object.entries(properties))
      if (isValues(value)) undescribed(value, `${path}.${key}`, found)
  }
  if (isValues(items)) undescribed(items, `${path}[]`, found)
}

describe('a TrafficPolicy', () => {
  const policy = (spec: object) => object('TrafficPolicy', 'orders', {service: 'orders', ...spec})

  test('is taken as the design writes it, in YAML whose bare `on` is a boolean', async () => {
    const text = `
apiVersion: ${apiVersion}
kind: TrafficPolicy
metadata: {name: order-service, namespace: shop}
spec:
  service: order-service
  versions: [{name: v1, labels: {version: v1}}, {name: v2}]
  split: [{version: v1, weight: 80}, {version: v2, weight: 20}]
  routes:
    - {match: {pathPrefix: /api, method: GET, headers: {x-user: {exact: qa}}}, split: [{version: v2, weight: 100}], timeout: 4s}
  timeout: 5s
  retries: {attempts: 3, perTryTimeout: 1s, on: [5xx, reset, connect-failure]}
  circuitBreaker: {threshold: 5, timeout: 30s, recovery: 60s}
`
    expect(await apply(text)).toEqual(taken)
    expect(await apply(text.replace(' on:', ' "on":'))).toEqual(taken)
  })

  test.for<Wrong>([
    ...wrongTraffic,
    ['a timeout of nothing', {timeout: '0s'}, 'must be a duration from 1ms to 24h'],
    ['a timeout of a week', {timeout: '168h'}, 'must be a duration from 1ms to 24h'],
    ['a timeout without a unit', {timeout: '5'}, 'spec.timeout'],
    [
      'a condition that there is not',
      {retries: {attempts: 1, on: ['now']}},
      'supported values: "5xx", "gateway-error"',
    ],
    ['a field that there is not', {canaries: 1}, 'unknown field "spec.canaries"'],
    ['101 percent', {canary: {version: 'v1', percent: 101}}, 'should be less than or equal to 100'],
  ])('with %s is refused, and told why', async ([, spec, message]) => {
    const {code, stderr} = await apply(policy(spec))
    expect(stderr).toContain(message)
    expect(code).toBe(1)
  })

  test('of another namespace may be called anything', async () => {
    expect(await apply(policy({service: 'payments', namespace: 'bank'}))).toEqual(taken)
  })

  test('merges the versions of several writers', async () => {
    const write = (manager: string, spec: object) =>
      cluster.api.request(
        'PATCH',
        `/apis/${apiVersion}/namespaces/shop/trafficpolicies/merged?fieldManager=${manager}`,
        {apiVersion, kind: 'TrafficPolicy', metadata: {name: 'merged'}, spec: {service: 'merged', ...spec}},
        'application/apply-patch+yaml',
      )
    await write('one', {versions: [{name: 'v1'}]})
    await write('other', {versions: [{name: 'v2'}], circuitBreaker: {threshold: 5}})
    const {body} = await write('one', {versions: [{name: 'v1', labels: {version: '1'}}]})
    expect(body).toMatchObject({
      spec: {versions: [{name: 'v1', labels: {version: '1'}}, {name: 'v2'}], circuitBreaker: {threshold: 5}},
    })
  })

  test('gets a status of its own, which a change of the spec does not touch', async () => {
    const path = `/apis/${apiVersion}/namespaces/shop/trafficpolicies/told`
    await cluster.api.request('POST', path.replace('/told', ''), {
      apiVersion,
      kind: 'TrafficPolicy',
      metadata: {name: 'told'},
      spec: {service: 'told', timeout: '5s'},
    })
    const condition = {
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: 'The rule is valid.',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }
    const finding = {kind: 'ignored', code: 'MW6010', feature: 'split', path: 'spec', message: 'no'}
    const status = {observedGeneration: 1, conditions: [condition], findings: [finding]}
    const merge = 'application/merge-patch+json'
    const {status: code} = await cluster.api.request('PATCH', `${path}/status`, {status, spec: {timeout: '9s'}}, merge)
    expect(code).toBe(200)
    const {body} = await cluster.api.request('PATCH', path, {spec: {timeout: '6s'}, status: null}, merge)
    expect(body).toMatchObject({metadata: {generation: 2}, spec: {timeout: '6s'}, status})
    const {stdout} = await cluster.kubectl(['get', 'tp', 'told', '-n', 'shop', '-o', 'wide'])
    expect(stdout).toMatch(/NAME\s+SERVICE\s+ACCEPTED\s+PROGRAMMED\s+APPROXIMATED\s+MESSAGE\s+AGE/)
    expect(stdout).toMatch(/told\s+told\s+True\s+The rule is valid\./)
  })
})

describe('an AccessPolicy', () => {
  const policy = (spec: object) => object('AccessPolicy', 'orders', {destination: 'orders', action: 'ALLOW', ...spec})

  test('is taken as the design writes it', async () => {
    const spec = {from: [{service: 'user-service', namespace: 'shop'}], methods: ['POST'], paths: ['/orders*']}
    expect(await apply(policy(spec))).toEqual(taken)
  })

  test.for<Wrong>([
    ['another action', {action: 'AUDIT'}, 'supported values: "ALLOW", "DENY"'],
    ...wrongAccess,
    ['an empty list of callers', {from: []}, 'spec.from'],
    ['a star inside a path', {paths: ['/a*b']}, 'spec.paths[0]'],
    ['a method that there is not', {methods: ['get']}, 'spec.methods[0]'],
  ])('with %s is refused, and told why', async ([, spec, message]) => {
    const {code, stderr} = await apply(policy(spec))
    expect(stderr).toContain(message)
    expect(code).toBe(1)
  })
})

describe('a MeshService', () => {
  test('is taken as the design writes it', async () => {
    const spec = {
      port: 8080,
      protocol: 'http',
      versions: [{name: 'v1.0.0'}],
      tags: ['v1', 'production'],
      metadata: {team: 'a'},
      healthCheck: {path: '/healthz', interval: '10s', timeout: '1s'},
    }
    expect(await apply(object('MeshService', 'user-service', spec))).toEqual(taken)
  })

  test.for<readonly [string, string, object, string]>([
    ['a name that no Service has', 'user.service', {port: 80}, 'metadata.name must be the name of a Service'],
    ['no port', 'users', {}, 'spec.port: Required value'],
    ['a protocol that there is not', 'users', {port: 80, protocol: 'udp'}, 'spec.protocol'],
  ])('with %s is refused, and told why', async ([, name, spec, message]) => {
    const {code, stderr} = await apply(object('MeshService', name, spec))
    expect(stderr).toContain(message)
    expect(code).toBe(1)
  })
})

describe('a MeshConfig', () => {
  const config = (spec: object) => object('MeshConfig', 'default', spec)

  test('keeps every value, a null of an environment and what is said in the words of a mesh among them', async () => {
    const spec = {
      mesh: {
        type: 'linkerd',
        injectionNamespace: ['shop', 'bank'],
        sidecar: {resources: {limits: {cpu: 1, memory: '256Mi'}}},
        istio: {values: {global: {proxy: {image: 'x', on: null}}, list: [1, {a: 'b'}]}},
        trafficManagement: {
          destinationRules: [
            {host: 'orders', subsets: [{name: 'v1'}], trafficPolicy: {loadBalancer: {simple: 'RANDOM'}}},
          ],
          virtualServices: [{hosts: ['orders'], http: [{fault: {delay: {fixedDelay: '1s'}}}]}],
        },
      },
      meshSecurity: {authorizationPolicy: {source: 'users', destination: 'orders', action: 'ALLOW'}},
      environments: {staging: {extends: 'base', mesh: {telemetry: null, tracing: {enabled: null}}}, base: {}},
      templates: {lean: {mesh: {autoInject: null}}},
    }
    const {body} = await cluster.api.request(
      'POST',
      `/apis/${apiVersion}/meshconfigs?dryRun=All&fieldValidation=Strict`,
      {
        apiVersion,
        kind: 'MeshConfig',
        metadata: {name: 'default'},
        spec,
      },
    )
    expect(body).toMatchObject({spec})
    expect((body as {spec: unknown}).spec).toEqual(spec)
  })

  test.for<readonly [string, object, string]>([
    ['a mesh that there is not', {mesh: {type: 'kuma'}}, 'supported values: "istio", "linkerd", "consul"'],
    [
      'a key that there is not',
      {mesh: {telemetry: {samplingrate: 1}}},
      'unknown field "spec.mesh.telemetry.samplingrate"',
    ],
    ['a rate above one', {mesh: {telemetry: {samplingRate: 10}}}, 'should be less than or equal to 1'],
    ['a word for a switch', {mesh: {autoInject: 'yes'}}, 'must be of type boolean'],
    ['a rule without a host', {mesh: {trafficManagement: {destinationRules: [{}]}}}, 'host: Required value'],
  ])('with %s is refused, and told why', async ([, spec, message]) => {
    const {code, stderr} = await apply(config(spec))
    expect(stderr).toContain(message)
    expect(code).toBe(1)
  })

  test('has a name that a label can hold', async () => {
    const {code, stderr} = await apply(object('MeshConfig', 'a'.repeat(64), {}))
    expect(stderr).toContain('metadata.name must be at most 63 characters')
    expect(code).toBe(1)
  })

  needsShared("that holds one of the user's samples", (shared) => {
    const folder = join(shared, 'samples')
    const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
    test.for(files)('%s is taken', async (file) => {
      const text = readFileSync(join(folder, file), 'utf8').replaceAll(/^/gm, '  ')
      const whole = `apiVersion: ${apiVersion}\nkind: MeshConfig\nmetadata: {name: default}\nspec:\n${text}`
      expect(await apply(whole)).toEqual(taken)
    })
  })
})
