/** One operation of a service: what is sent, where to, and what comes back. */
export interface Operation<Input, Output> {
  readonly method: string
  /** A path whose `{name}` parts are filled from the input's fields. */
  readonly path: string
  /** Only the types, never a value; a function, so that any operation is an `Operation<never, unknown>`. */
  readonly types?: (input: Input) => Output
}

/** Operations by the names that callers use. */
export type Operations = Readonly<Record<string, Operation<never, unknown>>>

const route = /^(GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) (\/\S*)$/

/**
 * Declares an operation: `op<NewOrder, Order>('POST /orders')`, `op<{id: string}, Order>('GET /orders/{id}')`. Fields of
 * the input that the path does not name become the query of GET, HEAD, OPTIONS and DELETE, and the JSON body of the others.
 *
 * @throws TypeError where `text` is not a method and a path
 */
export function op<Input = void, Output = void>(text: string): Operation<Input, Output> {
  const [, method, path] = route.exec(text) ?? []
  if (method === undefined || path === undefined) {
    throw new TypeError(`an operation is a method and a path, such as 'POST /orders', found ${JSON.stringify(text)}`)
  }
  return Object.freeze({method, path})
}

/** What may be said of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** For the whole call with all of its tries, such as `5s`. */
  readonly timeout?: string
  readonly headers?: Readonly<Record<string, string>>
}

type Call<Input, Output> = [Input] extends [void]
  ? (input?: undefined, options?: CallOptions) => Promise<Output>
  : undefined extends Input
    ? (input?: Input, options?: CallOptions) => Promise<Output>
    : (input: Input, options?: CallOptions) => Promise<Output>

/** One function for each operation. */
export type Client<O> = {
  readonly [Name in keyof O]: O[Name] extends Operation<infer Input, infer Output> ? Call<Input, Output> : never
}

/** Of a service that declares no operations: every name is `POST /NAME`, and nothing is known of what comes back. */
export type UntypedClient = Readonly<Record<string, (input?: unknown, options?: CallOptions) => Promise<unknown>>>

/**
 * Operations by service, filled in by whoever declares them:
 * `declare module 'meshwright' { interface MeshServices { 'order-service': typeof orderOperations } }`
 */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type -- an interface, since only that can be added to
export interface MeshServices {}
