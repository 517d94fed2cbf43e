import type {IncomingMessage} from 'node:http'
import {Agent, request} from 'node:https'
import {text} from 'node:stream/consumers'

export type ApiResponse = {
  readonly status: number
  /** The parsed JSON, or the text where the answer is no JSON (`/readyz`). */
  readonly body: unknown
  /** The texts of the `Warning` headers: among others what admission webhooks warned of. */
  readonly warnings: readonly string[]
}

export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Talks to a cluster's API server as its administrator: where hundreds of calls would be too many for kubectl. */
export class ApiClient {
  readonly #url: string
  readonly #token: string
  readonly #agent: Agent

  constructor(url: string, ca: string, token: string) {
    this.#url = url
    this.#token = token
    this.#agent = new Agent({ca, keepAlive: true})
  }

  /**
   * Any status is an answer; only a broken connection or 30 s of silence rejects.
   *
   * @param path such as `/api/v1/namespaces/default/pods?dryRun=All`
   * @param type of the body: a PATCH needs one of Kubernetes' patch types
   */
  async request(method: ApiMethod, path: string, body?: unknown, type = 'application/json'): Promise<ApiResponse> {
    const headers: Record<string, string> = {authorization: `Bearer ${this.#token}`, accept: 'application/json'}
    if (body !== undefined) headers['content-type'] = type
    const {promise, resolve, reject} = Promise.withResolvers<IncomingMessage>()
    const call = request(`${this.#url}${path}`, {method, headers, agent: this.#agent, timeout: 30_000}, resolve)
    call.on('error', reject)
    call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer in 30 s`)))
    call.end(body === undefined ? undefined : JSON.stringify(body))
    const response = await promise
    const answer = await text(response)
    const isJson = response.headers['content-type']?.startsWith('application/json') === true
    const parsed: unknown = isJson ? JSON.parse(answer) : answer
    const warnings = (response.headersDistinct['warning'] ?? []).map(warningText)
    return {status: response.statusCode ?? 0, body: parsed, warnings}
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** `299 - "text"` without the wrapping (RFC 7234, section 5.5; the API server sends one header a warning). */
function warningText(header: string): string {
  const quoted = /^\d{3} \S+ "(.*)"$/s.exec(header)?.[1]
  return quoted === undefined ? header : quoted.replace(/\\(.)/gs, '$1')
}
