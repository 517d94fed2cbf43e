import {controllerRules, type ControllerCode} from '../codes/rules-controller.ts'
import {
  ConflictError,
  FencedError,
  ForbiddenError,
  InvalidError,
  KindMissingError,
  KubeError,
  NotFoundError,
  ServerError,
  TooManyRequestsError,
  UnauthorizedError,
  UnreachableError,
} from '../kube/errors.ts'

/** Why an object is not as it should be, told in the status of the rules that it is for. */
export class WriteFailure extends Error {
  override name = 'WriteFailure'
  readonly code: ControllerCode

  constructor(code: ControllerCode, message: string, options?: ErrorOptions) {
    super(`${code} ${message}`, options)
    this.code = code
  }

  /** Of the condition `Programmed`. */
  get reason(): string {
    return controllerRules[this.code].reason
  }
}

/**
 * What an error of a write means for the rules behind it.
 *
 * @throws the error itself where it says nothing about any rule: the API server is away, the lease is lost, or we have
 *   made a mistake
 */
export function failureOf(error: unknown): WriteFailure {
  if (error instanceof WriteFailure) return error
  if (!(error instanceof KubeError) || isPassing(error)) throw error
  return new WriteFailure(codeOf(error), error.message, {cause: error})
}

function isPassing(error: KubeError): boolean {
  if (error instanceof ServerError) return error.status === 503 || error.status === 504
  return [FencedError, UnreachableError, UnauthorizedError, TooManyRequestsError].some((kind) => error instanceof kind)
}

function codeOf(error: KubeError): ControllerCode {
  if (error instanceof KindMissingError) return 'MW6401'
  if (error instanceof ConflictError) return error.contested.length > 0 ? 'MW6404' : 'MW6407'
  if (error instanceof InvalidError) return 'MW6405'
  if (error instanceof ForbiddenError) {
    if (error.namespaceEnding) return 'MW6408'
    return error.missing === undefined ? 'MW6405' : 'MW6406'
  }
  // Applying makes what is not there, so what is not there is its namespace.
  if (error instanceof NotFoundError) return 'MW6410'
  return 'MW6407'
}
