import fc from 'fast-check'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import manifest from '../../package.json' with {type: 'json'}
import {installedObjects} from '../../src/install/objects.ts'
import {valuesSchema} from '../../src/install/values.ts'
import {chart, Helm, type Rendered} from './helm.ts'

// The chart is written by hand where Helm must choose; it must choose as the sources do.

let helm: Helm
beforeAll(async () => {
  helm = await Helm.start()
})
afterAll(() => helm.stop())

function wanted(values: object, namespace = 'meshwright-system'): Readonly<Record<string, unknown>> {
  const objects = installedObjects({values: valuesSchema.parse(values), namespace, version: manifest.version})
  return byName(JSON.parse(JSON.stringify(objects)))
}

/** Each object by its name; what is YAML in a string as what it says, without Helm's own annotation. */
function byName(objects: readonly Rendered[]): Readonly<Record<string, unknown>> {
  const entries = objects.map((object): [string, unknown] => {
    const {apiVersion, kind, metadata} = object
    const data = object['data']
    const read =
      kind === 'ConfigMap' && typeof data === 'object' && data !== null
        ? {data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, parse(String(text))]))}
        : {}
    const {annotations: {'helm.sh/resource-policy': _, ...annotations} = {}, ...rest} = metadata
    const plain = {...rest, ...(Object.keys(annotations).length > 0 && {annotations})}
    return [`${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`, {...object, ...read, metadata: plain}]
  })
  const known = Object.fromEntries(entries)
  if (Object.keys(known).length !== entries.length) throw new Error('an object is there twice')
  return known
}

const placed = {
  nodeSelector: {'kubernetes.io/os': 'linux'},
  tolerations: [{key: 'node-role.kubernetes.io/control-plane', operator: 'Exists'}],
  affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}},
  podAnnotations: {'example.com/team': 'mesh'},
  podLabels: {team: 'mesh', 'app.kubernetes.io/name': 'never-ours'},
  logLevel: 'debug',
}

const cases: readonly (readonly [name: string, values: object])[] = [
  ['the defaults', {}],
  ['istio only', {mesh: 'istio'}],
  ['linkerd only', {mesh: 'linkerd'}],
  ['consul only', {mesh: 'consul'}],
  ['a configuration', {config: {mesh: {autoInject: true, injectionNamespace: ['shop', 'web']}, environments: {a: {}}}}],
  ['a configuration with its own word on failures', {config: {mesh: {failurePolicy: 'Fail'}}, failurePolicy: 'Ignore'}],
  ['failures ignored', {failurePolicy: 'Ignore'}],
  ['an image by its tag', {image: {repository: 'registry.example/mesh', tag: 'v2', pullPolicy: 'Always'}}],
  [
    'an image by its digest, with credentials',
    {image: {digest: `sha256:${'a'.repeat(64)}`, tag: 'v2', pullSecrets: ['one', 'two']}},
  ],
  ['placement', {webhook: placed, controller: placed}],
  ['labelled namespaces only', {webhook: {namespaces: 'labelled', excludedNamespaces: ['ci', 'kube-system']}}],
  ['numbers at their ends', {webhook: {maxInFlight: 9_999_999, drainSeconds: 300, timeoutSeconds: 30, replicas: 100}}],
  ['no drain', {webhook: {drainSeconds: 0, reinvocationPolicy: 'IfNeeded', spread: 'required'}}],
  ['cert-manager', {certificates: {issuer: 'cert-manager'}}],
  ["the cluster's own priority class", {priorityClassName: 'system-cluster-critical'}],
  ['no policies', {networkPolicy: {enabled: false}}],
  ['another port', {networkPolicy: {apiServerPorts: [26443]}}],
  ['monitoring', {monitoring: {podMonitor: true, labels: {release: 'prometheus'}}}],
  [
    'alerts, and the names of every mesh',
    {monitoring: {rules: true, labels: {'app.kubernetes.io/name': 'never-ours', release: 'prometheus'}}},
  ],
  ['alerts, and the names of one mesh', {mesh: 'linkerd', monitoring: {rules: true}}],
  ['dashboards', {monitoring: {dashboards: true, dashboardLabels: {team: 'mesh'}}}],
  ['no CRDs', {crds: {install: false}}],
  ['CRDs that go', {crds: {keep: false}}],
  [
    'resources',
    {webhook: {resources: {limits: {cpu: '2', memory: '1Gi'}}}, controller: {resources: {requests: {cpu: 1}}}},
  ],
]

describe('the chart makes what the sources say', () => {
  test.each(cases)('%s', async (_, values) => {
    // Helm lays values over its defaults key by key, where ours replace a map.
    expect(byName(await helm.template(values))).toEqual(wanted(merged(values)))
  })

  test('in another namespace', async () => {
    const objects = await helm.template({}, ['--namespace', 'mesh'])
    expect(byName(objects)).toEqual(wanted({}, 'mesh'))
  })

  test('with values-ha.yaml', async () => {
    const objects = await helm.template({}, ['--values', join(chart, 'values-ha.yaml')])
    const ha = {webhook: {replicas: 3, spread: 'required'}, controller: {replicas: 2}}
    expect(byName(objects)).toEqual(wanted(ha))
  })

  test('of any values', {timeout: 120_000}, async () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/)
    const labels = fc.dictionary(name, fc.stringMatching(/^[A-Za-z0-9]{1,10}$/), {maxKeys: 3, noNullPrototype: true})
    const placement = {podLabels: labels, nodeSelector: labels, podAnnotations: labels}
    const any = fc.record(
      {
        mesh: fc.constantFrom('', 'istio', 'linkerd', 'consul'),
        failurePolicy: fc.constantFrom('Fail', 'Ignore'),
        config: fc.record({
          mesh: fc.record({autoInject: fc.boolean(), type: fc.constant('linkerd')}, {requiredKeys: []}),
        }),
        image: fc.record({repository: name, tag: fc.oneof(name, fc.constant(''))}, {requiredKeys: []}),
        webhook: fc.record(
          {
            replicas: fc.integer({min: 1, max: 100}),
            drainSeconds: fc.integer({min: 0, max: 300}),
            namespaces: fc.constantFrom('all', 'labelled'),
            excludedNamespaces: fc.uniqueArray(name, {maxLength: 3}),
            ...placement,
          },
          {requiredKeys: []},
        ),
        controller: fc.record({replicas: fc.integer({min: 1, max: 5}), ...placement}, {requiredKeys: []}),
        certificates: fc.record({issuer: fc.constantFrom('controller', 'cert-manager')}),
        networkPolicy: fc.record({enabled: fc.boolean()}),
        monitoring: fc.record(
          {podMonitor: fc.boolean(), rules: fc.boolean(), dashboards: fc.boolean(), labels},
          {requiredKeys: []},
        ),
      },
      {requiredKeys: []},
    )
    const property = fc.asyncProperty(any, async (values) => {
      expect(byName(await helm.template(values))).toEqual(wanted(values))
    })
    await fc.assert(property, {numRuns: 25, seed: 20_261_130})
  })
})

describe('the chart refuses what the sources refuse', () => {
  test.each([
    ['an unknown key', {webhok: {}}],
    ['no replica', {webhook: {replicas: 0}}],
    ['a mesh that is none', {mesh: 'kuma'}],
    ['a digest that is none', {image: {digest: 'sha256:abc'}}],
    ['a text for a number', {webhook: {timeoutSeconds: 'five'}}],
  ])('%s', async (_, values) => {
    expect(valuesSchema.safeParse(values).success).toBe(false)
    await expect(helm.template(values)).rejects.toThrow(/values don't meet the specifications of the schema/)
  })
})

test('the chart is one that Helm finds nothing wrong with', async () => {
  await expect(helm.run(['lint', '--strict', chart])).resolves.toContain('0 chart(s) failed')
})

/** As Helm coalesces: of resources, a map is laid over the default's. */
function merged(values: object): object {
  return over(valuesSchema.parse({}), values)
}

function over(base: unknown, values: unknown): object {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap(base) || !isMap(values)) throw new Error('a map was expected')
  const keys = [...new Set([...Object.keys(base), ...Object.keys(values)])]
  return Object.fromEntries(
    keys.map((key) => {
      const [below, above] = [base[key], values[key]]
      return [key, isMap(below) && isMap(above) ? over(below, above) : key in values ? above : below]
    }),
  )
}
