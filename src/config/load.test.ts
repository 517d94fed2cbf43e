import {describe, expect, test} from 'vitest'
import {loadConfiguration, loadMeshConfig, type LoadedConfiguration, type ResolvedConfiguration} from './load.ts'
import {locateProblems} from './locate.ts'
import {formatProblem, formatProblems} from './problem.ts'
import {originOf} from './render.ts'
import {at} from './tree.ts'

function load(...texts: string[]): LoadedConfiguration {
  const result = loadConfiguration(texts.map((text, index) => ({file: names[index] ?? 'more.yaml', text})))
  if (!result.ok) throw new Error(formatProblems(result.problems))
  return result.loaded
}
const names = ['mesh.yaml', 'second.yaml', 'third.yaml']

function problemsOf(...texts: string[]): string[] {
  const result = loadConfiguration(texts.map((text, index) => ({file: names[index] ?? 'more.yaml', text})))
  return result.ok ? [] : result.problems.map(formatProblem)
}

function resolve(loaded: LoadedConfiguration, environment?: string): ResolvedConfiguration {
  const resolution = loaded.resolve(environment)
  if (!resolution.ok) throw new Error(formatProblems(resolution.problems))
  return resolution.resolved
}

const meshOf = (loaded: LoadedConfiguration, environment?: string) => resolve(loaded, environment).configuration.mesh

function origin(loaded: LoadedConfiguration, path: string, environment?: string): string | undefined {
  const node = at(resolve(loaded, environment).provenance, path.split('.'))
  return node && originOf(node)
}

describe('a configuration', () => {
  test('that says nothing is Istio, and autoInject stays unsaid', () => {
    expect(resolve(load('')).configuration).toEqual({mesh: {type: 'istio'}})
    expect(resolve(load('mesh:\nmeshSecurity:\nenvironments:\n')).configuration).toEqual({mesh: {type: 'istio'}})
    expect(origin(load(''), 'mesh.type')).toBe('(default)')
  })

  test('takes one namespace or many, quantities as numbers, Helm values as they are', () => {
    const text =
      'mesh: {injectionNamespace: shop, sidecar: {resources: {limits: {cpu: 2}}}, linkerd: {values: {a: {b: null}}}}'
    expect(meshOf(load(text))).toMatchObject({
      injectionNamespace: ['shop'],
      sidecar: {resources: {limits: {cpu: '2'}}},
      linkerd: {values: {a: {b: null}}},
    })
  })

  test('keeps a key named __proto__ among Helm values, and no prototype changes', () => {
    const {istio} = meshOf(load('mesh: {istio: {values: {__proto__: {polluted: 1}}}}'))
    expect(Object.keys(istio?.values ?? {})).toEqual(['__proto__'])
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  test('is overruled in its mesh by whoever asks for another', () => {
    const resolution = load('mesh: {type: linkerd}').resolve(undefined, {mesh: 'consul'})
    expect(resolution.ok && resolution.resolved.configuration.mesh.type).toBe('consul')
  })
})

describe('several files', () => {
  test('patch each other in turn', () => {
    const loaded = load(
      'mesh: {autoInject: true, injectionNamespace: [a, b], strict: true}',
      'mesh: {injectionNamespace: [c], strict: null}',
    )
    expect(meshOf(loaded)).toEqual({type: 'istio', autoInject: true, injectionNamespace: ['c']})
  })

  test('meet in one spelling', () => {
    expect(meshOf(load('mesh: {tracing: {sampleRate: 0.5}}', 'mesh: {telemetry: {samplingRate: 0.1}}'))).toEqual({
      type: 'istio',
      telemetry: {samplingRate: 0.1},
    })
  })

  test('patch the environments of earlier ones, and null there still deletes what the base says', () => {
    const loaded = load(
      'mesh: {sidecarImage: a/b:1}\nenvironments: {p: {mesh: {autoInject: true}}, gone: {}}',
      'environments: {p: {mesh: {sidecarImage: null}}, gone: null, q: {mesh: {sidecarImage: null}}}',
    )
    expect(loaded.environments).toEqual(['p', 'q'])
    expect(meshOf(loaded, 'p')).toEqual({type: 'istio', autoInject: true})
    expect(meshOf(loaded, 'q')).toEqual({type: 'istio'})
  })
})

describe('an environment', () => {
  test('lies over the base, in another spelling too', () => {
    const loaded = load(
      'mesh: {tracing: {sampleRate: 0.5}}\nenvironments: {p: {mesh: {telemetry: {samplingRate: 0.1}}}}',
    )
    expect(meshOf(loaded)).toMatchObject({telemetry: {samplingRate: 0.5}})
    expect(meshOf(loaded, 'p')).toMatchObject({telemetry: {samplingRate: 0.1}})
  })

  test('stands on base, templates, its extends chain, in this order', () => {
    const loaded = load(`
mesh: {sidecarImage: base, controlPlane: {address: base, port: 1}, telemetry: {samplingRate: 0}}
use: first
templates:
  first: {mesh: {sidecarImage: first, controlPlane: {address: first, port: 2}, telemetry: {samplingRate: 0.1}}}
  second: {mesh: {controlPlane: {address: second, port: 3}, telemetry: {samplingRate: 0.2}}}
environments:
  root: {use: [second], mesh: {controlPlane: {port: 4}, telemetry: {samplingRate: 0.3}}}
  leaf: {extends: root, mesh: {telemetry: {samplingRate: 0.4}}}
`)
    expect(meshOf(loaded, 'leaf')).toMatchObject({
      sidecarImage: 'first',
      controlPlane: {address: 'second', port: 4},
      telemetry: {samplingRate: 0.4},
    })
    expect(origin(loaded, 'mesh.sidecarImage', 'leaf')).toBe('mesh.yaml:5:32 (template first)')
    expect(origin(loaded, 'mesh.controlPlane.address', 'leaf')).toBe('mesh.yaml:6:43 (template second)')
    expect(origin(loaded, 'mesh.controlPlane.port', 'leaf')).toBe('mesh.yaml:8:53 (environment root)')
    expect(origin(loaded, 'mesh.telemetry.samplingRate', 'leaf')).toBe('mesh.yaml:9:58 (environment leaf)')
  })

  test('applies templates in the order named', () => {
    const templates = 'templates: {a: {mesh: {sidecarImage: a}}, b: {mesh: {sidecarImage: b}}}\n'
    const loaded = load(`${templates}environments: {ab: {use: [a, b]}, ba: {use: [b, a]}, aba: {use: [a, b, a]}}`)
    expect(['ab', 'ba', 'aba'].map((name) => meshOf(loaded, name).sidecarImage)).toEqual(['b', 'a', 'a'])
  })

  test.each(['minimal', 'secure', 'observable', 'edge'])('may use the built-in template %s', (name) => {
    const loaded = load(`environments: {p: {use: ${name}}}`)
    expect(meshOf(loaded, 'p')).not.toEqual(meshOf(loaded))
  })

  test("prefers the user's own template of a built-in name", () => {
    const loaded = load('templates: {secure: {mesh: {sidecarImage: own}}}\nenvironments: {p: {use: secure}}')
    expect(meshOf(loaded, 'p')).toEqual({type: 'istio', sidecarImage: 'own'})
  })

  test('that is not declared is told with the nearest name', () => {
    const resolution = load('environments: {staging: {}, production: {}}').resolve('stagging')
    expect(resolution.ok ? '' : formatProblems(resolution.problems)).toBe(
      'MW4012 unknown environment "stagging"; did you mean staging?',
    )
  })
})

describe('a mistake is told with its place and what to do', () => {
  test.each([
    [
      'mesh:\n  telemetry:\n    samplingrate: 1',
      'mesh.yaml:3:5 MW4003 unknown key mesh.telemetry.samplingrate; did you mean samplingRate?',
    ],
    ['telemetry: {}', 'mesh.yaml:1:1 MW4003 unknown key telemetry; telemetry belongs at mesh.telemetry'],
    [
      'mesh: {mutualTLS: true}',
      'mesh.yaml:1:8 MW4003 unknown key mesh.mutualTLS; mutualTLS belongs at mesh.security.mutualTLS or meshSecurity.mutualTLS',
    ],
    ['mesh: {typ: null}', 'mesh.yaml:1:8 MW4003 unknown key mesh.typ; did you mean type?'],
    ['mesh: istio', 'mesh.yaml:1:7 MW4009 mesh must be a map, found "istio"'],
    ['mesh: {type: nginx}', 'mesh.yaml:1:14 MW4009 mesh.type must be istio, linkerd or consul, found "nginx"'],
    ['mesh: {autoInject: maybe}', 'mesh.yaml:1:20 MW4009 mesh.autoInject must be true or false, found "maybe"'],
    [
      'mesh: {serviceDiscovery: {healthCheckInterval: 10}}',
      'mesh.yaml:1:48 MW4009 mesh.serviceDiscovery.healthCheckInterval must be a duration with its unit, such as 500ms, 10s or 1m30s, found 10',
    ],
    [
      'mesh: {serviceDiscovery: {healthCheckInterval: -1s}}',
      'mesh.yaml:1:48 MW4009 mesh.serviceDiscovery.healthCheckInterval must be a duration with its unit, such as 500ms, 10s or 1m30s, found "-1s"',
    ],
    [
      'mesh: {sidecar: {resources: {limits: {memory: 5MB}}}}',
      'mesh.yaml:1:47 MW4009 mesh.sidecar.resources.limits.memory must be a Kubernetes quantity from 0, such as 500m or 256Mi, found "5MB"',
    ],
    [
      'mesh: {telemetry: {samplingRate: 10}}',
      'mesh.yaml:1:34 MW4009 mesh.telemetry.samplingRate must be a number from 0 to 1 (0.1 is one request in ten), found 10',
    ],
    [
      'mesh: {controlPlane: {port: 0}}',
      'mesh.yaml:1:29 MW4009 mesh.controlPlane.port must be a port from 1 to 65535, found 0',
    ],
    [
      'mesh: {controlPlane: {address: "istiod:15012"}}',
      'mesh.yaml:1:32 MW4009 mesh.controlPlane.address must be a host name or an IP address, without scheme and port, found "istiod:15012"',
    ],
    [
      'mesh: {telemetry: {metrics: [request_count, latency]}}',
      'mesh.yaml:1:45 MW4009 mesh.telemetry.metrics[1] must be one of request_count, request_duration, request_size, response_size, found "latency"',
    ],
    [
      'mesh: {injectionNamespace: [shop, Shop]}',
      'mesh.yaml:1:35 MW4009 mesh.injectionNamespace[1] must be the name of a namespace, found "Shop"',
    ],
    ['mesh: {istio: {values: [1]}}', 'mesh.yaml:1:24 MW4009 mesh.istio.values must be a map, found a list'],
    [
      'meshSecurity: {authorizationPolicy: {source: a, action: ALLOW}}',
      'mesh.yaml:1:16 MW4010 meshSecurity.authorizationPolicy.destination is missing',
    ],
    [
      'environments: {p: {mesh: {enforced: true}}}',
      'mesh.yaml:1:27 MW4015 environments.p.mesh.enforced: only the base may set mesh.enforced; move it to mesh at the top level',
    ],
    [
      'templates: {p: {mesh: {bounds: null}}}',
      'mesh.yaml:1:24 MW4015 templates.p.mesh.bounds: only the base may set mesh.bounds; move it to mesh at the top level',
    ],
    [
      'environments: {p: {extends: q}, production: {}}',
      'mesh.yaml:1:29 MW4012 unknown environment "q"; there is p, production',
    ],
    ['environments: {p: {use: [secure, egde]}}', 'mesh.yaml:1:34 MW4013 unknown template "egde"; did you mean edge?'],
    [
      'environments: {b: {extends: c}, c: {extends: b}}',
      'mesh.yaml:1:29 MW4014 environments extend each other: b -> c -> b',
    ],
    ['environments: {a: {extends: a}}', 'mesh.yaml:1:29 MW4014 environments extend each other: a -> a'],
    [
      'environments: {__proto__: {}}',
      'mesh.yaml:1:16 MW4009 the name "__proto__" in environments must be at most 63 letters, digits, dashes, underscores and dots, the first and the last a letter or a digit',
    ],
    [
      'mesh: {bounds: {cpu: {min: 2, max: 1500m}}}',
      'mesh.yaml:1:28 MW4017 mesh.bounds.cpu.min is 2, which is above mesh.bounds.cpu.max (1500m)',
    ],
    [
      '- mesh',
      'mesh.yaml:1:1 MW4008 a configuration is a map with mesh, meshSecurity, environments or templates, found a list',
    ],
  ])('%j', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  test('all at once, in the order of the text, one in the base once', () => {
    const base = 'mesh: {sidecar: {resources: {requests: {cpu: 2}, limits: {cpu: 1}}}}'
    expect(problemsOf(`${base}\nenvironments: {a: {}, b: {}}`)).toHaveLength(1)
    const told = problemsOf('mesh:\n  typ: istio\n  autoInject: 7\n', 'mesh: {typ: x}', 'a: [')
    expect(told.map((line) => line.split(' ')[0])).toEqual([
      'mesh.yaml:2:3',
      'mesh.yaml:3:15',
      'second.yaml:1:8',
      'third.yaml:1:5',
    ])
  })

  test('found in an environment alone, the configuration is refused before anybody asks for it', () => {
    const text =
      'mesh: {sidecar: {resources: {limits: {cpu: 1}}}}\nenvironments: {p: {mesh: {sidecar: {resources: {requests: {cpu: 2}}}}}}'
    expect(problemsOf(text)).toEqual([
      'mesh.yaml:2:65 MW4017 mesh.sidecar.resources.requests.cpu is 2, which is above mesh.sidecar.resources.limits.cpu (1)',
    ])
  })

  test('a spelling that another one outranks is a finding, and under mesh.strict a problem', () => {
    const text = 'meshSecurity: {mutualTLS: true}\nmesh: {security: {mutualTLS: false}'
    expect(resolve(load(`${text}}`)).findings).toMatchObject([{kind: 'replaced', key: 'meshSecurity.mutualTLS'}])
    expect(problemsOf(`${text}, strict: true}`)[0]).toMatch(
      /^mesh.yaml:.* MW4018 meshSecurity.mutualTLS: .*mesh.strict/,
    )
  })

  test('however many there are', {timeout: 30_000}, () => {
    expect(problemsOf(`mesh: {telemetry: {metrics: [${'x, '.repeat(150_000)}]}}`)).toHaveLength(150_000)
    const policies = '{source: a}, '.repeat(10_000)
    expect(problemsOf(`meshSecurity: {authorizationPolicy: [${policies}]}`)).toHaveLength(20_000)
  })

  test('hostile text cannot steer a terminal', () => {
    expect(problemsOf('"\\e[31m": 1').join()).not.toContain('\u001b')
    expect(problemsOf('mesh: {type: "\\u202e\\n"}').join()).not.toMatch(/[\u202e\n]/)
  })

  test("a mesh's problem is placed at the deepest part of its path that a file holds", () => {
    const resolved = resolve(load('mesh:\n  istio:\n    values:\n      global: {hub: 7}\n'))
    const locate = (...path: string[]) => locateProblems(resolved, [{path, message: 'must be text'}]).map(formatProblem)
    expect(locate('mesh', 'istio', 'values', 'global', 'hub')).toEqual([
      'mesh.yaml:4:16 MW4018 mesh.istio.values.global.hub: must be text',
    ])
    expect(locate('mesh', 'istio', 'values', 'pilot', 'tag')).toEqual([
      'mesh.yaml:3:5 MW4018 mesh.istio.values.pilot.tag: must be text',
    ])
    expect(locate('mesh', 'linkerd', 'values')).toEqual(['mesh.yaml:1:1 MW4018 mesh.linkerd.values: must be text'])
  })
})

describe('a MeshConfig object of the API', () => {
  const load = (spec: unknown) =>
    loadMeshConfig('default', {apiVersion: 'meshwright.dev/v1alpha1', kind: 'MeshConfig', spec})

  test('is a configuration whose values are placed by their path', () => {
    const loading = load({mesh: {type: 'linkerd'}, environments: {staging: {mesh: {autoInject: true}}}})
    const resolution = loading.ok ? loading.loaded.resolve('staging') : loading
    expect(resolution).toMatchObject({
      ok: true,
      resolved: {configuration: {mesh: {type: 'linkerd', autoInject: true}}, environment: 'staging'},
    })
    const type =
      resolution.ok && 'resolved' in resolution ? at(resolution.resolved.provenance, ['mesh', 'type']) : undefined
    expect(type?.place).toEqual({file: 'MeshConfig default spec.mesh.type', line: 0, column: 0})
  })

  test('has problems that name the path', () => {
    const loading = load({mesh: {telemetry: {metrics: ['request_counts']}}})
    expect(loading.ok ? '' : formatProblems(loading.problems)).toMatch(
      /^MeshConfig default spec\.mesh\.telemetry\.metrics\[0\] MW4009 /,
    )
  })

  test('without a spec asks for nothing', () => {
    expect(load(undefined)).toMatchObject({ok: true})
  })
})
