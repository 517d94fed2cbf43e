import type {ResourceKind} from '../mesh/resource.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

/** What was asked for: every error names it. */
export interface Target {
  readonly verb: Verb
  readonly kind: ResourceKind
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
}

/** Why a call to the API server failed. The message is one sentence that names the object and what to do. */
export class KubeError extends Error {
  override name = 'KubeError'
  readonly target: Target
  /** Of the HTTP answer; 0 where there was none. */
  readonly status: number

  constructor(message: string, target: Target, status: number, options?: ErrorOptions) {
    super(message, options)
    this.target = target
    this.status = status
  }
}

/** 404: the kind is served, the object does not exist (or the namespace that it would be created in). */
export class NotFoundError extends KubeError {
  override name = 'NotFoundError'
}

/** 404: the API server does not serve this kind in this version. */
export class KindMissingError extends KubeError {
  override name = 'KindMissingError'
}

/** A field that another manager has applied or set to another value. */
export interface ContestedField {
  /** `.spec.replicas` */
  readonly field: string
  /** `kubectl` */
  readonly manager: string
}

/** 409: others own fields that were to be applied, or the object is not in the state that the call demanded. */
export class ConflictError extends KubeError {
  override name = 'ConflictError'
  /** Empty where the state of the object is the reason. */
  readonly contested: readonly ContestedField[]

  constructor(message: string, target: Target, contested: readonly ContestedField[]) {
    super(message, target, 409)
    this.contested = contested
  }
}

/** 409: an object of this name exists. */
export class AlreadyExistsError extends KubeError {
  override name = 'AlreadyExistsError'
}

/** 401: the credentials are not accepted. */
export class UnauthorizedError extends KubeError {
  override name = 'UnauthorizedError'
}

/** A rule that a Role or ClusterRole would have to hold. */
export interface MissingRule {
  readonly user: string
  readonly verb: string
  readonly group: string
  /** With a subresource: `services/status`. */
  readonly resource: string
  /** Absent: in every namespace, so a ClusterRole. */
  readonly namespace?: string
}

/** 403: by RBAC, or by admission (a quota, a policy, a namespace that is being deleted). */
export class ForbiddenError extends KubeError {
  override name = 'ForbiddenError'
  /** Absent where it was not RBAC that refused. */
  readonly missing: MissingRule | undefined
  /** The namespace is being deleted: nothing can be created in it any more. */
  readonly namespaceEnding: boolean

  constructor(message: string, target: Target, missing: MissingRule | undefined, namespaceEnding: boolean) {
    super(message, target, 403)
    this.missing = missing
    this.namespaceEnding = namespaceEnding
  }
}

export interface FieldFault {
  /** `spec.weight`; empty where the API server names none. */
  readonly field: string
  readonly message: string
}

/** 422 or 400: the object breaks its schema or a rule of it, has a field the kind does not have, or a webhook denied it. */
export class InvalidError extends KubeError {
  override name = 'InvalidError'
  readonly faults: readonly FieldFault[]

  constructor(message: string, target: Target, status: number, faults: readonly FieldFault[]) {
    super(message, target, status)
    this.faults = faults
  }
}

/** 429: the API server has too much to do. */
export class TooManyRequestsError extends KubeError {
  override name = 'TooManyRequestsError'
  /** Milliseconds to wait, as the API server asked. */
  readonly retryAfter: number

  constructor(message: string, target: Target, retryAfter: number) {
    super(message, target, 429)
    this.retryAfter = retryAfter
  }
}

/** 410: the resourceVersion, or the token of the next page, is too old. */
export class GoneError extends KubeError {
  override name = 'GoneError'
}

/** 5xx: the API server failed, or is not ready. */
export class ServerError extends KubeError {
  override name = 'ServerError'
  /** Milliseconds to wait, where the API server asked for it. */
  readonly retryAfter: number | undefined

  constructor(message: string, target: Target, status: number, retryAfter: number | undefined) {
    super(message, target, status)
    this.retryAfter = retryAfter
  }
}

/** No answer: refused, reset, timed out, a name that does not resolve, a certificate that is not trusted. */
export class UnreachableError extends KubeError {
  override name = 'UnreachableError'
  /** The connection broke while it was used: what was asked may have been done. */
  readonly broken: boolean

  constructor(message: string, target: Target, broken: boolean, cause: unknown) {
    super(message, target, 0, {cause})
    this.broken = broken
  }
}

/** The fence did not hold: the write was not sent. */
export class FencedError extends KubeError {
  override name = 'FencedError'
}

/** `TrafficPolicy shop/orders`, `services in namespace shop`, `namespaces`. */
export function described({kind, namespace, name, subresource}: Target): string {
  const part = subresource === undefined ? '' : `the ${subresource} of `
  if (name !== undefined) return `${part}${kind.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
  return namespace === undefined ? kind.plural : `${kind.plural} in namespace ${namespace}`
}
