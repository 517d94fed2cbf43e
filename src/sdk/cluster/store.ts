import {setTimeout as sleep} from 'node:timers/promises'
import {readStatus, type RuleStatus} from '../../controller/status.ts'
import type {KubeApi} from '../../kube/api.ts'
import {ConflictError, ForbiddenError, InvalidError, KindMissingError, NotFoundError} from '../../kube/errors.ts'
import type {KubeObject} from '../../mesh/pod.ts'
import type {ResourceKind} from '../../mesh/resource.ts'
import {MeshPermissionError, MeshRuleError} from '../errors.ts'
import type {Fragment} from '../fragment.ts'
import type {Applied, RuleStore} from '../rules.ts'

const apiVersion = 'meshwright.dev/v1alpha1'
const kinds: Readonly<Record<Fragment['kind'], ResourceKind>> = {
  MeshService: {apiVersion, kind: 'MeshService', plural: 'meshservices', namespaced: true},
  TrafficPolicy: {apiVersion, kind: 'TrafficPolicy', plural: 'trafficpolicies', namespaced: true},
}

/** Milliseconds between looks at a status. */
const [firstLook, laterLook] = [100, 1000]

/**
 * Writes neutral objects by server-side apply, each fragment under its own field manager: replicas that say the same change
 * nothing, and what another manager has said otherwise is a conflict that is told, never overwritten.
 */
export class ClusterStore implements RuleStore {
  readonly #api: KubeApi

  constructor(api: KubeApi) {
    this.#api = api
  }

  async put(fragment: Fragment): Promise<void> {
    await this.#told(fragment, () =>
      this.#api.apply(kinds[fragment.kind], objectOf(fragment, fragment.spec), {fieldManager: fragment.manager}),
    )
  }

  /** Applying nothing gives the fields back; the object goes with the last of them. */
  async remove(fragment: Fragment): Promise<void> {
    const kind = kinds[fragment.kind]
    await this.#told(fragment, async () => {
      // What a kind requires cannot be left out as long as the object is there.
      const required = fragment.kind === 'TrafficPolicy' ? {service: fragment.service.name} : requiredOf(fragment)
      const left = await this.#api.apply(kind, objectOf(fragment, required), {fieldManager: fragment.manager})
      if (!isLastManager(left, fragment.manager)) return
      const {uid, resourceVersion} = left.metadata ?? {}
      await this.#api.delete(kind, fragment.service, {
        ...(typeof uid === 'string' && {uid}),
        ...(typeof resourceVersion === 'string' && {resourceVersion}),
      })
    })
  }

  /** Looks at the status that the controller writes until it is about what was put. */
  async applied(fragment: Fragment, signal: AbortSignal): Promise<Applied> {
    for (let wait = firstLook; ; wait = Math.min(wait * 2, laterLook)) {
      const object = await this.#told(fragment, () => this.#api.get(kinds[fragment.kind], fragment.service, {signal}))
      const applied = verdictOf(object, fragment)
      if (applied !== undefined) return applied
      await sleep(wait, undefined, {signal})
    }
  }

  close(): Promise<void> {
    return this.#api.close()
  }

  async #told<T>(fragment: Fragment, work: () => Promise<T>): Promise<T> {
    const what = `${fragment.kind} ${fragment.service.namespace}/${fragment.service.name}`
    try {
      return await work()
    } catch (error) {
      if (error instanceof ForbiddenError) throw new MeshPermissionError(permission(what, error), error)
      if (error instanceof ConflictError && error.contested.length > 0) {
        const said = error.contested.map(({field, manager}) => `${field} by ${manager}`).join(', ')
        throw new MeshRuleError(`${what}: something else is said of ${said}`, error)
      }
      if (error instanceof InvalidError) {
        const faults = error.faults.map(({field, message}) => (field === '' ? message : `${field}: ${message}`))
        throw new MeshRuleError(`${what}: ${faults.join('; ') || error.message}`, error)
      }
      if (error instanceof KindMissingError) {
        throw new MeshRuleError(`${what}: the cluster has no such kind; install Meshwright's CRDs`, error)
      }
      if (error instanceof NotFoundError) throw new MeshRuleError(`${what}: ${error.message}`, error)
      throw error
    }
  }
}

function permission(what: string, {missing, message}: ForbiddenError): string {
  if (missing === undefined) return `${what}: ${message}`
  const {user, verb, group, resource, namespace} = missing
  const where = namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${namespace}`
  return `${what}: ${user} lacks the rule {apiGroups: [${JSON.stringify(group)}], resources: [${resource}], verbs: [${verb}]}; put it into ${where}`
}

/** Undefined while the controller has not come to this generation. */
function verdictOf(object: KubeObject, {kind, service}: Fragment): Applied | undefined {
  const status: RuleStatus | undefined = readStatus(object['status'])
  const generation = Number(object.metadata?.['generation'] ?? 0)
  if (status === undefined || status.observedGeneration < generation) return undefined
  const condition = (type: string) => status.conditions.find((one) => one.type === type)
  const accepted = condition('Accepted')
  if (accepted?.status === 'False') throw new MeshRuleError(`${kind} ${service.name}: ${accepted.message}`)
  const programmed = condition('Programmed')
  if (programmed?.status !== 'True') return undefined
  const approximations = (status.findings ?? [])
    .filter((finding) => finding.kind !== 'refused')
    .map(({code, path, message}) => `${code} ${path}: ${message}`)
  return {exact: approximations.length === 0, approximations}
}

function requiredOf({spec}: Fragment): Fragment['spec'] {
  return {port: spec['port']}
}

/** Whether nobody else has applied a field; the controller's status is no claim. */
function isLastManager({metadata}: KubeObject, manager: string): boolean {
  const managers: unknown = metadata?.['managedFields']
  if (!Array.isArray(managers)) return false
  return managers.every((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return false
    return Reflect.get(entry, 'subresource') === 'status' || Reflect.get(entry, 'manager') === manager
  })
}

function objectOf({kind, service: {namespace, name}}: Fragment, spec: object): KubeObject {
  return {apiVersion, kind, metadata: {namespace, name}, spec}
}
