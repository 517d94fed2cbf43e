import {World} from '../../intent/world.ts'
import {serviceUnit} from '../../intent/unit.ts'
import type {Access, ServiceIntent, ServiceName, Traffic} from '../../intent/intent.ts'
import type {LoadedConfiguration} from '../../config/load.ts'
import type {KubeObject} from '../../mesh/pod.ts'
import {isValues} from '../../mesh/values.ts'
import {MeshRuleError} from '../errors.ts'
import type {Fragment} from '../fragment.ts'
import type {Applied} from '../handle.ts'
import type {RuleStore} from '../rules.ts'
import {merge} from './merge.ts'

/** A part of an object, and who said it. */
type Written = Pick<Fragment, 'kind' | 'service' | 'manager' | 'spec'>

const apiVersion = 'meshwright.dev/v1alpha1'

/** Rules of one process, in force as soon as they are put: the same intents that a controller would translate. */
export class LocalStore implements RuleStore {
  readonly judgesAtOnce = true
  readonly #world: World
  /** By kind, namespace and name of the object that they are parts of; the order is that of their first coming. */
  readonly #fragments = new Map<string, Map<string, Written>>()
  /** What was built since the last change: every call asks for it. */
  readonly #intents = new Map<string, ServiceIntent | undefined>()

  /** `objects`: rules from files. What a file and a call say of one service is merged, as the API server would. */
  constructor(
    configuration: LoadedConfiguration,
    environment: string | undefined,
    objects: readonly KubeObject[] = [],
  ) {
    this.#world = new World({
      cluster: false,
      configuration: withoutBypass(configuration),
      ...(environment !== undefined && {environment}),
    })
    for (const object of objects) {
      this.#world.set(object)
      const fragment = written(object)
      if (fragment !== undefined) this.#fragments.set(keyOf(fragment), new Map([[fragment.manager, fragment]]))
    }
  }

  trafficOf(service: ServiceName): Traffic | undefined {
    return this.#intentOf(service)?.traffic
  }

  accessOf(service: ServiceName): Access | undefined {
    return this.#intentOf(service)?.access
  }

  /** What is refused of the rules that are in force by now, a sentence each. */
  problems(): readonly string[] {
    const built = this.#world.units().map((unit) => this.#world.intentOf(unit))
    const refused = built.flatMap(({problems}) => problems.filter(({kind}) => kind === 'refused'))
    return [...new Set(refused.map(({code, origin, message}) => `${origin.place}: ${code} ${message}`))]
  }

  async put(fragment: Fragment): Promise<void> {
    const key = keyOf(fragment)
    const before = this.#fragments.get(key) ?? new Map<string, Written>()
    const after = new Map(before).set(fragment.manager, fragment)
    const merged = merge([...after.values()])
    if (!merged.ok) {
      const [one, other] = merged.managers
      throw new MeshRuleError(
        `${fragment.kind} ${fragment.service.name}: spec.${merged.field} is said by ${one}, and something else by ${other}`,
      )
    }
    this.#fragments.set(key, after)
    this.#intents.clear()
    this.#world.set(objectOf(fragment, merged.spec))
  }

  async remove(fragment: Fragment): Promise<void> {
    const key = keyOf(fragment)
    const left = this.#fragments.get(key)
    if (left?.delete(fragment.manager) !== true) return
    this.#intents.clear()
    const merged = merge([...left.values()])
    if (left.size === 0 || !merged.ok) {
      this.#fragments.delete(key)
      this.#world.delete(objectOf(fragment, {}))
    } else this.#world.set(objectOf(fragment, merged.spec))
  }

  async applied({kind, service}: Pick<Fragment, 'kind' | 'service'>): Promise<Applied> {
    const {problems} = this.#world.intentOf(serviceUnit(service))
    const own = problems.filter(({origin: {source}}) => source.kind === kind && source.name === service.name)
    if (own.length > 0) {
      throw new MeshRuleError(own.map(({code, message}) => `${code} ${message}`).join('; '))
    }
    return {exact: true, approximations: []}
  }

  async close(): Promise<void> {
    this.#fragments.clear()
  }

  #intentOf(service: ServiceName): ServiceIntent | undefined {
    const key = `${service.namespace}/${service.name}`
    if (this.#intents.has(key)) return this.#intents.get(key)
    const {wanted} = this.#world.intentOf(serviceUnit(service))
    const intent = wanted?.kind === 'service' ? wanted.intent : undefined
    this.#intents.set(key, intent)
    return intent
  }
}

/** What somebody else wrote, and no call can take back. */
function written({kind, metadata, spec}: KubeObject): Written | undefined {
  const {namespace = '', name = ''} = metadata ?? {}
  if ((kind !== 'MeshService' && kind !== 'TrafficPolicy') || !isValues(spec)) return undefined
  return {kind, service: {namespace, name}, manager: 'a file of rules', spec}
}

function keyOf({kind, service: {namespace, name}}: Written): string {
  return `${kind}/${namespace}/${name}`
}

function objectOf({kind, service: {namespace, name}}: Written, spec: object): KubeObject {
  return {apiVersion, kind, metadata: {namespace, name}, spec}
}

/** `enableBypass` keeps rules out of the mesh because somebody applies them in process: here, that is. */
function withoutBypass(loaded: LoadedConfiguration): LoadedConfiguration {
  return {
    environments: loaded.environments,
    resolve(environment, options) {
      const resolution = loaded.resolve(environment, options)
      if (!resolution.ok) return resolution
      const {configuration} = resolution.resolved
      const {trafficManagement, ...mesh} = configuration.mesh
      if (trafficManagement?.enableBypass !== true) return resolution
      const {enableBypass: _, ...rules} = trafficManagement
      const followed = {...configuration, mesh: {...mesh, trafficManagement: rules}}
      return {ok: true, resolved: {...resolution.resolved, configuration: followed}}
    },
  }
}
