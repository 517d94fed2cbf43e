import {
  ConflictError,
  ForbiddenError,
  InvalidError,
  KindMissingError,
  KubeError,
  NotFoundError,
  ServerError,
  TooManyRequestsError,
  UnauthorizedError,
  UnreachableError,
} from '../../kube/errors.ts'
import {KubeconfigError} from '../../kube/kubeconfig.ts'
import {MeshConfigError, MeshError, MeshPermissionError, MeshRuleError, MeshUnavailableError} from '../errors.ts'
import type {Fragment} from '../fragment.ts'

/** What an application is told of a call to the API server that failed; what is not from there stays as it is. */
export function told({kind, service: {namespace, name}}: Fragment, error: unknown): unknown {
  if (error instanceof MeshError) return error
  const what = `${kind} ${namespace}/${name}`
  if (error instanceof ForbiddenError) return new MeshPermissionError(permission(what, error), error)
  if (error instanceof UnauthorizedError) return new MeshPermissionError(`${what}: ${error.message}`, error)
  if (error instanceof ConflictError && error.contested.length > 0) {
    const said = error.contested.map(({field, manager}) => `${field} by ${manager}`).join(', ')
    return new MeshRuleError(`${what}: something else is said of ${said}`, error)
  }
  if (error instanceof InvalidError) {
    const faults = error.faults.map(({field, message}) => (field === '' ? message : `${field}: ${message}`))
    return new MeshRuleError(`${what}: ${faults.join('; ') || error.message}`, error)
  }
  if (error instanceof KindMissingError) {
    return new MeshRuleError(`${what}: the cluster has no such kind; install Meshwright's CRDs`, error)
  }
  if (error instanceof NotFoundError) return new MeshRuleError(`${what}: ${error.message}`, error)
  const isBusy = [UnreachableError, ServerError, TooManyRequestsError, ConflictError].some(
    (one) => error instanceof one,
  )
  if (isBusy) {
    const reason = error instanceof KubeError ? error.message : ''
    return new MeshUnavailableError(`${what} is not written yet: ${reason}`, error)
  }
  // An aborted wait keeps its reason.
  if (error instanceof KubeError) return new MeshRuleError(`${what}: ${error.message}`, error)
  if (error instanceof KubeconfigError) return new MeshConfigError(error.message, error)
  return error
}

function permission(what: string, {missing, message}: ForbiddenError): string {
  if (missing === undefined) return `${what}: ${message}`
  const {user, verb, group, resource, namespace} = missing
  const where = namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${namespace}`
  return `${what}: ${user} lacks the rule {apiGroups: [${JSON.stringify(group)}], resources: [${resource}], verbs: [${verb}]}; put it into ${where}`
}
