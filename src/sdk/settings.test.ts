import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {defineConfig} from './configuration.ts'
import {noEnvironment, portFromKubelet, readEnvironment, type Environment} from './environment.ts'
import {MeshConfigError} from './errors.ts'
import type {MeshOptions} from './options.ts'
import {settingsOf} from './settings.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshwright-settings-'))
})
afterAll(() => rmSync(folder, {recursive: true}))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const configuration = defineConfig({
  mesh: {telemetry: {samplingRate: 0.1}},
  environments: {development: {mesh: {trafficManagement: {enableBypass: true}}}, production: {}},
})

describe('the mode', () => {
  test.each<[string, MeshOptions, Partial<Environment>, 'local' | 'cluster']>([
    ['a laptop', {}, {}, 'local'],
    ['a pod', {}, {isPod: true}, 'cluster'],
    ['a kubeconfig', {}, {hasKubeconfig: true}, 'cluster'],
    ['a kubeconfig that is named', {kubeconfig: 'x'}, {}, 'cluster'],
    ['a pod that bypasses', {enableBypass: true}, {isPod: true}, 'local'],
    ['a pod whose configuration bypasses', {configuration, environment: 'development'}, {isPod: true}, 'local'],
    ['a pod whose environment does not', {configuration, environment: 'production'}, {isPod: true}, 'cluster'],
    ['an option against the configuration', {configuration, enableBypass: false}, {isPod: true}, 'cluster'],
    ['MESHWRIGHT_MODE', {}, {mode: 'local', isPod: true}, 'local'],
    ['an option against MESHWRIGHT_MODE', {mode: 'cluster'}, {mode: 'local'}, 'cluster'],
  ])('of %s', (_, options, environment, mode) => {
    expect(settingsOf(options, {...noEnvironment, ...environment}).mode).toBe(mode)
  })

  test('is one of two', () => {
    expect(() => readEnvironment({MESHWRIGHT_MODE: 'cloud'})).toThrow('MESHWRIGHT_MODE must be local or cluster')
  })
})

describe('the environment', () => {
  const chosen = (options: MeshOptions, environment: Partial<Environment>) =>
    settingsOf({configuration, ...options}, {...noEnvironment, ...environment}).environment

  test('is the one that is named, MESHWRIGHT_ENV before NODE_ENV', () => {
    expect(chosen({environment: 'production'}, {chosen: 'development'})).toBe('production')
    expect(chosen({}, {chosen: 'development', node: 'production'})).toBe('development')
    expect(chosen({}, {node: 'production'})).toBe('production')
  })

  test('is the base for a NODE_ENV that the configuration has not, and an error for a MESHWRIGHT_ENV', () => {
    expect(chosen({}, {node: 'test'})).toBeUndefined()
    expect(() => chosen({}, {chosen: 'produktion'})).toThrow(/unknown environment "produktion".*production/)
    expect(settingsOf({}, {...noEnvironment, chosen: 'production'}).environment).toBeUndefined()
  })
})

test('the namespace is the one that is named, else the process knows it, else default', () => {
  expect(settingsOf({namespace: 'a'}, {...noEnvironment, namespace: 'b'}).namespace).toBe('a')
  expect(settingsOf({}, {...noEnvironment, namespace: 'b'}).namespace).toBe('b')
  expect(settingsOf({}, noEnvironment).namespace).toBe('default')
})

test('a configuration may be an object, or files of which later ones change earlier ones', () => {
  const one = file('one.yaml', 'mesh: {trafficManagement: {enableBypass: false}}')
  const two = file('two.yaml', 'mesh: {trafficManagement: {enableBypass: true}}')
  const pod = {...noEnvironment, isPod: true}
  expect(settingsOf({configuration: one}, pod).mode).toBe('cluster')
  expect(settingsOf({configuration: [one, two]}, pod).mode).toBe('local')
  expect(settingsOf({}, {...pod, configurations: [one, two]}).mode).toBe('local')
  expect(() => settingsOf({configuration: file('bad.yaml', 'mesh:\n  tipe: istio\n')}, pod)).toThrow(
    /bad\.yaml:2:3 MW\d+ unknown key mesh\.tipe; did you mean type/,
  )
  const wrong = JSON.parse('{"mesh": {"type": "kuma"}}')
  expect(() => settingsOf({configuration: wrong}, pod)).toThrow(/the configuration: spec\.mesh\.type MW\d+/)
  expect(() => settingsOf({configuration: join(folder, 'none.yaml')}, pod)).toThrow(MeshConfigError)
})

describe('services', () => {
  const urls = (services: MeshOptions['services'], mode: 'local' | 'cluster' = 'local') =>
    settingsOf({...(services !== undefined && {services}), mode}, noEnvironment)
      .endpoints.of({name: 'a', namespace: 'default'})
      .map(({url, labels}) => `${url} ${labels['version'] ?? ''}`.trim())

  test('are URLs, ports, processes or a list of these', () => {
    expect(urls({a: 'http://127.0.0.1:1'})).toEqual(['http://127.0.0.1:1'])
    expect(urls({a: 3001})).toEqual(['http://127.0.0.1:3001'])
    expect(urls({a: 3001}, 'cluster')).toEqual(['http://a.default:3001'])
    expect(urls({a: ['http://h:1', {url: 'http://h:2', version: 'v2'}]})).toEqual(['http://h:1', 'http://h:2 v2'])
  })

  test('stand in a line, or in a file that it names', () => {
    expect(urls('a@v1=http://h:1,a@v2=http://h:2')).toEqual(['http://h:1 v1', 'http://h:2 v2'])
    expect(urls(file('services.yaml', 'a:\n  - {url: "http://h:1", version: v1}\n'))).toEqual(['http://h:1 v1'])
    expect(urls(file('services.json', '{"a": "http://h:1"}'))).toEqual(['http://h:1'])
    expect(() => urls(file('broken.yaml', 'a: [http://h:1'))).toThrow(/broken\.yaml/)
    expect(() => urls('nowhere.yaml')).toThrow(/cannot read.*nowhere\.yaml/)
    expect(() => urls({a: 'localhost'})).toThrow('is not http://host:port')
  })
})

test('rules are objects or files of them, in the namespace of the application where they name none', () => {
  const policy = {kind: 'AccessPolicy', metadata: {name: 'a'}, spec: {destination: 'a', action: 'DENY'}}
  const path = file(
    'rules.yaml',
    `${JSON.stringify(policy)}\n---\n${JSON.stringify({kind: 'List', items: [policy]})}\n`,
  )
  const {rules} = settingsOf({rules: [policy, path], namespace: 'shop'}, noEnvironment)
  expect(rules.map(({metadata}) => metadata?.['namespace'])).toEqual(['shop', 'shop', 'shop'])
  expect(() => settingsOf({rules: [file('no.yaml', '[1]')]}, noEnvironment)).toThrow(/no\.yaml: a rule is an object/)
})

describe('the process', () => {
  test('tells where it runs', () => {
    const pod = {KUBERNETES_SERVICE_HOST: '10.0.0.1', HOME: folder, MESHWRIGHT_SERVICE: '', OTEL_SERVICE_NAME: 'web'}
    expect(readEnvironment(pod, folder)).toMatchObject({isPod: true, hasKubeconfig: false, service: 'web'})
    const kubeconfig = file('kubeconfig', '')
    expect(readEnvironment({KUBECONFIG: `/nowhere:${kubeconfig}`}, folder)).toMatchObject({
      isPod: false,
      hasKubeconfig: true,
      namespace: undefined,
    })
  })

  test('knows ports of services from the kubelet', () => {
    const variables = {ORDER_SERVICE_SERVICE_PORT: '8080', BAD_SERVICE_PORT: 'tcp://10.0.0.1:80'}
    expect(portFromKubelet(variables, 'order-service')).toBe(8080)
    expect(portFromKubelet(variables, 'bad')).toBeUndefined()
    expect(portFromKubelet(variables, 'other')).toBeUndefined()
  })
})
