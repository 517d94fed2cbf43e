import {readFileSync, statSync} from 'node:fs'
import {parse, parseAllDocuments} from 'yaml'
import {loadConfiguration, loadMeshConfig, type LoadedConfiguration, type LoadResult} from '../config/load.ts'
import {formatProblems} from '../config/problem.ts'
import {placed} from '../config/tree.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues} from '../mesh/values.ts'
import {milliseconds} from '../rules/value.ts'
import type {MeshConfiguration} from './configuration.ts'
import {MeshConfigError} from './errors.ts'
import type {Environment} from './environment.ts'
import {Endpoints, readEndpoints, readInline} from './local/endpoints.ts'
import type {Mode} from './mesh.ts'
import type {MeshOptions, ServiceLocation} from './options.ts'
import {prometheusOf, type PrometheusSettings} from './prometheus/settings.ts'
import {usualInterval} from './reports.ts'

/** What the options and the environment come to. */
export interface Settings {
  readonly mode: Mode
  readonly namespace: string
  /** What the application is called until it registers. */
  readonly speaker: {readonly name: string; readonly version: string}
  readonly configuration: LoadedConfiguration
  /** Of the configuration; undefined: its base. */
  readonly environment: string | undefined
  readonly endpoints: Endpoints
  /** Rule objects of local mode. */
  readonly rules: readonly KubeObject[]
  /** Milliseconds between two `metric` events. */
  readonly metricInterval: number
  /** Undefined: metrics are those of this process. */
  readonly prometheus: PrometheusSettings | undefined
}

/** What an application is called that does not say. */
const nameless = 'application'

/** @throws MeshConfigError, MeshRuleError */
export function settingsOf(options: MeshOptions, environment: Environment): Settings {
  const {configuration, environment: name, isGiven} = configurationOf(options, environment)
  const namespace = options.namespace ?? environment.namespace ?? 'default'
  const mode = modeOf(options, environment, configuration, name)
  return {
    mode,
    namespace,
    speaker: {
      name: options.service ?? environment.service ?? nameless,
      version: options.version ?? environment.version ?? '',
    },
    configuration,
    environment: name,
    endpoints: endpointsOf(options.services ?? environment.services, mode, namespace),
    rules: (options.rules ?? environment.rules).flatMap((rule) => rulesIn(rule, namespace)),
    metricInterval: intervalOf(options.metricInterval),
    prometheus: prometheusOf(options, environment, isGiven ? meshOf(configuration, name) : undefined),
  }
}

function modeOf(
  {mode, enableBypass, kubeconfig}: MeshOptions,
  environment: Environment,
  configuration: LoadedConfiguration,
  name: string | undefined,
): Mode {
  const said = mode ?? environment.mode
  if (said !== undefined) return said
  const resolution = configuration.resolve(name)
  const written = resolution.ok && resolution.resolved.configuration.mesh.trafficManagement?.enableBypass === true
  if (enableBypass ?? written) return 'local'
  return kubeconfig !== undefined || environment.isPod || environment.hasKubeconfig ? 'cluster' : 'local'
}

function configurationOf(
  options: MeshOptions,
  environment: Environment,
): {configuration: LoadedConfiguration; environment: string | undefined; isGiven: boolean} {
  const given = options.configuration ?? environment.configurations
  const configuration = loaded(load(typeof given === 'string' ? [given] : given))
  const {environments} = configuration
  const chosen = options.environment ?? environment.chosen
  // Without a configuration there is none to choose from: it may be the cluster's.
  if (Array.isArray(given) && given.length === 0) return {configuration, environment: undefined, isGiven: false}
  if (chosen === undefined) {
    const {node} = environment
    const name = node !== undefined && environments.includes(node) ? node : undefined
    return {configuration, environment: name, isGiven: true}
  }
  const resolution = configuration.resolve(chosen)
  if (!resolution.ok) throw new MeshConfigError(formatProblems(resolution.problems))
  return {configuration, environment: chosen, isGiven: true}
}

function meshOf(configuration: LoadedConfiguration, name: string | undefined): MeshName | undefined {
  const resolution = configuration.resolve(name)
  return resolution.ok ? resolution.resolved.configuration.mesh.type : undefined
}

function load(given: MeshConfiguration | readonly string[]): LoadResult {
  if (isPaths(given)) return loadConfiguration(given.map((file) => ({file, text: read(file, 'the configuration')})))
  // What is undefined is not there.
  const spec: unknown = JSON.parse(JSON.stringify(given))
  const object = {apiVersion: 'meshwright.dev/v1alpha1', kind: 'MeshConfig', spec}
  return loadMeshConfig('', object, placed(object, 'the configuration:'))
}

function isPaths(given: MeshConfiguration | readonly string[]): given is readonly string[] {
  return Array.isArray(given)
}

function loaded(result: LoadResult): LoadedConfiguration {
  if (!result.ok) throw new MeshConfigError(formatProblems(result.problems))
  return result.loaded
}

function endpointsOf(services: MeshOptions['services'], mode: Mode, home: string): Endpoints {
  if (services === undefined) return new Endpoints(new Map())
  if (typeof services !== 'string') return readEndpoints(located(services, mode, home), 'services')
  // A path has no equals sign before its first slash; an inline list always has.
  if (/^[^/=]+=/.test(services.trim())) return readInline(services)
  return readEndpoints(parsed(services), services)
}

/** Ports in the place where the service is. */
function located(
  services: Readonly<Record<string, ServiceLocation>>,
  mode: Mode,
  home: string,
): Readonly<Record<string, ServiceLocation>> {
  return Object.fromEntries(
    Object.entries(services).map(([key, location]) => {
      if (typeof location !== 'number') return [key, location]
      const host = mode === 'local' ? '127.0.0.1' : key.includes('.') ? key : `${key}.${home}`
      return [key, `http://${host}:${location}`]
    }),
  )
}

function rulesIn(rule: string | object, home: string): readonly KubeObject[] {
  if (typeof rule !== 'string') return objectsIn(rule, 'rules', home)
  return parseAllDocuments(read(rule, 'the rules')).flatMap((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new MeshConfigError(`${rule}: ${error.message.split('\n', 1)[0]}`)
    return objectsIn(document.toJS(), rule, home)
  })
}

function objectsIn(value: unknown, place: string, home: string): readonly KubeObject[] {
  if (value === null || value === undefined) return []
  if (!isValues(value) || typeof value['kind'] !== 'string') {
    throw new MeshConfigError(`${place}: a rule is an object with apiVersion, kind, metadata and spec`)
  }
  const {kind, items, metadata} = value
  if (kind === 'List' && Array.isArray(items)) return items.flatMap((item) => objectsIn(item, place, home))
  return [{...value, metadata: {namespace: home, ...(isValues(metadata) && metadata)}}]
}

function parsed(file: string): unknown {
  const text = read(file, 'the services')
  try {
    return parse(text)
  } catch (error) {
    throw new MeshConfigError(`${file}: ${error instanceof Error ? error.message.split('\n', 1)[0] : ''}`, error)
  }
}

/** The most bytes of a file: as configurations are limited. */
const mostBytes = 1024 * 1024

function read(file: string, what: string): string {
  try {
    if (statSync(file).size > mostBytes) throw new Error('it is larger than 1 MiB')
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new MeshConfigError(`cannot read ${what} ${file}: ${error instanceof Error ? error.message : ''}`, error)
  }
}

function intervalOf(text: string | undefined): number {
  if (text === undefined) return usualInterval
  const interval = milliseconds(text)
  if (interval !== undefined) return interval
  throw new MeshConfigError(`metricInterval must be a duration such as 10s, found ${JSON.stringify(text)}`)
}
