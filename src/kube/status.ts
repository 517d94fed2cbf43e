import {z} from 'zod'
import {resourceName} from './api.ts'
import {
  AlreadyExistsError,
  ConflictError,
  ForbiddenError,
  GoneError,
  InvalidError,
  KindMissingError,
  KubeError,
  NotFoundError,
  ServerError,
  TooManyRequestsError,
  UnauthorizedError,
  described,
  type ContestedField,
  type MissingRule,
  type Target,
} from './errors.ts'

const statusSchema = z.object({
  kind: z.literal('Status'),
  code: z.number().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({
      name: z.string().optional(),
      kind: z.string().optional(),
      retryAfterSeconds: z.number().optional(),
      causes: z
        .array(z.object({reason: z.string().optional(), message: z.string().optional(), field: z.string().optional()}))
        .optional(),
    })
    .nullish(),
})
type Status = z.infer<typeof statusSchema>

const longestWait = 60_000
const longestMessage = 1_000

/**
 * What an answer that is no success means.
 *
 * @param body what came with it: a `Status`, as JSON or parsed, or any text
 * @param retryAfter the header, in seconds
 */
export function errorOf(target: Target, code: number, body: unknown, retryAfter?: string): KubeError {
  const status = parsed(body)
  const message = shortened(status?.message ?? (typeof body === 'string' ? body.trim() : ''))
  const wait = milliseconds(retryAfter ?? status?.details?.retryAfterSeconds)
  const what = described(target)
  switch (code) {
    case 400:
    case 413:
    case 415:
    case 422:
      return new InvalidError(invalid(target, status, message), target, code, faultsOf(status))
    case 401:
      return new UnauthorizedError(
        `the API server does not accept our credentials (${message || 'Unauthorized'}): renew the kubeconfig or the token`,
        target,
        code,
      )
    case 403:
      return forbidden(target, status, message)
    case 404:
      return notFound(target, status)
    case 409:
      return conflict(target, status, message)
    case 410:
      return new GoneError(
        `the API server has forgotten the state of ${what} that was asked for: list it again`,
        target,
        410,
      )
    case 429:
      return new TooManyRequestsError(
        `the API server has too much to do to ${target.verb} ${what} now (${message || '429'})`,
        target,
        wait ?? 1_000,
      )
    default:
      if (untypable.test(message)) {
        return new InvalidError(invalid(target, status, message), target, code, faultsOf(status, message))
      }
      if (code >= 500) {
        return new ServerError(
          `the API server failed to ${target.verb} ${what}: ${code} ${message}`,
          target,
          code,
          wait,
        )
      }
      return new KubeError(`the API server answered ${code} to ${target.verb} ${what}: ${message}`, target, code)
  }
}

function parsed(body: unknown): Status | undefined {
  let value = body
  if (typeof body === 'string') {
    try {
      value = JSON.parse(body)
    } catch {
      return undefined
    }
  }
  const result = statusSchema.safeParse(value)
  return result.success ? result.data : undefined
}

/** What a 404 means: of an object the answer names it, or its namespace; of a kind that is not served it names nothing. */
function notFound(target: Target, status: Status | undefined): KubeError {
  const {kind, namespace, name} = target
  if (status?.details?.name === undefined || target.verb === 'list' || target.verb === 'watch') {
    return new KindMissingError(
      `the API server does not serve ${resourceName(kind)} in ${kind.apiVersion}: install the CRD of ${kind.kind}`,
      target,
      404,
    )
  }
  if (status.details.kind === 'namespaces' && status.details.name !== name) {
    return new NotFoundError(
      `namespace ${namespace ?? ''} does not exist, so neither can ${described(target)}`,
      target,
      404,
    )
  }
  return new NotFoundError(`${described(target)} does not exist`, target, 404)
}

// Of apimachinery's NewForbidden and apiserver's RBAC authorizer: `services is forbidden: User "u" cannot patch resource
// "services/status" in API group "" in the namespace "shop"`, or `at the cluster scope`.
const rbacRefusal =
  /User "(?<user>[^"]*)" cannot (?<verb>\S+) resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<namespace>[^"]*)")?/

function forbidden(target: Target, status: Status | undefined, message: string): ForbiddenError {
  const found = rbacRefusal.exec(message)?.groups
  const what = described(target)
  if (found === undefined) {
    const ending = status?.details?.causes?.some(({reason}) => reason === 'NamespaceTerminating') === true
    const sentence = ending
      ? `namespace ${target.namespace ?? ''} is being deleted: ${what} cannot be created in it`
      : `the API server forbids to ${target.verb} ${what}: ${message}`
    return new ForbiddenError(sentence, target, undefined, ending)
  }
  const {user = '', verb = '', resource = '', group = '', namespace} = found
  const missing: MissingRule = {user, verb, group, resource, ...(namespace === undefined ? {} : {namespace})}
  const role = namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${namespace}, or a ClusterRole,`
  return new ForbiddenError(
    `${user} may not ${verb} ${resource}${group === '' ? '' : `.${group}`}${namespace === undefined ? '' : ` in namespace ${namespace}`}: ` +
      `bind ${role} to it with apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"]`,
    target,
    missing,
    false,
  )
}

// Of structured-merge-diff, through apiserver's conflictErrorMessage: `conflict with "kubectl" using apps/v1 at ...`,
// `conflict with "controller" with subresource "status" using apps/v1`.
const fieldConflict = /^conflict with "(?<manager>(?:[^"\\]|\\.)*)"/

function conflict(target: Target, status: Status | undefined, message: string): KubeError {
  const what = described(target)
  if (status?.reason === 'AlreadyExists') {
    return new AlreadyExistsError(`${what} exists already`, target, 409)
  }
  const contested: ContestedField[] = (status?.details?.causes ?? [])
    .filter(({reason}) => reason === 'FieldManagerConflict')
    .map(({field = '', message = ''}) => ({
      field,
      manager: managerIn(message),
    }))
    // The API server takes the managers out of a Go map: in another order each time.
    .sort((a, b) => (a.manager < b.manager ? -1 : a.manager > b.manager ? 1 : 0))
  if (contested.length === 0) {
    return new ConflictError(
      `${what} is not in the state that was expected (${message}): read it again`,
      target,
      contested,
    )
  }
  const managers = [...new Set(contested.map(({manager}) => manager))]
  const said = managers.map((manager) => {
    const fields = contested.filter((one) => one.manager === manager).map(({field}) => field)
    return `${manager} owns ${listed(fields)}`
  })
  return new ConflictError(
    `${what} belongs to others too: ${said.join('; ')}; have them leave these fields, or leave them out`,
    target,
    contested,
  )
}

function managerIn(message: string): string {
  const quoted = fieldConflict.exec(message)?.groups?.['manager']
  // Go's %q.
  return quoted?.replace(/\\(["\\])/g, '$1') ?? message
}

function listed(fields: readonly string[]): string {
  const shown = fields.slice(0, 5).join(', ')
  return fields.length <= 5 ? shown : `${shown} and ${fields.length - 5} more fields`
}

// Of server-side apply where a field does not exist or has another type, with 500 as its code: `failed to create typed
// patch object (shop/a; /v1, Kind=ConfigMap): .data.x: expected string, got ...`
const untypable = /^failed to create typed patch object \(.*?\): (?<field>\.\S*): (?<message>.*)$/s

function faultsOf(status: Status | undefined, sentence = ''): InvalidError['faults'] {
  const found = untypable.exec(sentence)?.groups
  if (found !== undefined) return [{field: (found['field'] ?? '').slice(1), message: found['message'] ?? ''}]
  return (status?.details?.causes ?? []).map(({field = '', message = ''}) => ({field, message: shortened(message)}))
}

function invalid(target: Target, status: Status | undefined, message: string): string {
  const what = described(target)
  const faults = faultsOf(status, message)
  if (faults.length === 0) return `the API server refuses ${what}: ${message}`
  const shown = faults.slice(0, 3).map(({field, message}) => (field === '' ? message : `${field}: ${message}`))
  const rest = faults.length > 3 ? ` (and ${faults.length - 3} more faults)` : ''
  return `the API server refuses ${what}: ${shown.join('; ')}${rest}`
}

function milliseconds(seconds: string | number | undefined): number | undefined {
  const value = typeof seconds === 'string' ? Number(seconds) : seconds
  if (value === undefined || !Number.isFinite(value) || value < 0) return undefined
  return Math.min(value * 1_000, longestWait)
}

/** Messages quote what a tenant wrote, whole objects among it. */
function shortened(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage)}...`
}
