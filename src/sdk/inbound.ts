import type {Access, ServiceName} from '../intent/intent.ts'
import type {Clock} from '../kube/clock.ts'
import type {Context, SpanContext} from './context.ts'
import {isAllowed} from './local/access.ts'
import type {Denial, Inbound, InboundRequest} from './mesh.ts'
import {callerFrom, callerHeader} from './names.ts'
import type {Ended} from './traced.ts'

export interface ReceptionOptions {
  readonly context: Context
  readonly clock: Clock
  readonly namespace: string
  /** What this application registered as; undefined before it has. */
  readonly self: () => ServiceName | undefined
  /** Who may call; undefined where anybody may, or the mesh decides. */
  readonly accessOf: (service: ServiceName) => Access | undefined
  /** Told of each request when it has come. */
  readonly onBegin: (span: SpanContext) => void
  /** Told of each request when it has been answered; `status` 0 where it was not. */
  readonly onEnd: (ended: Ended, status: number) => void
}

/** Takes requests in: who may call, what trace they belong to, how long they take. */
export class Reception {
  readonly #options: ReceptionOptions

  constructor(options: ReceptionOptions) {
    this.#options = options
  }

  receive({method, url, headers}: InboundRequest): Inbound {
    const {context, clock, onBegin, onEnd} = this.#options
    const opened = context.open(headers)
    onBegin(opened.span)
    const [path = ''] = url.split('?', 1)
    const [start, began] = [clock.now(), clock.monotonic()]
    let isDone = false
    return {
      denied: this.#denial(method, path, headers),
      run: (work) => opened.run(work),
      done(status) {
        if (isDone) return
        isDone = true
        const error = status === 0 || status >= 500
        onEnd({span: opened.span, name: `${method} ${path}`, start, duration: clock.monotonic() - began, error}, status)
      },
    }
  }

  #denial(method: string, path: string, headers: InboundRequest['headers']): Denial | undefined {
    const {self, accessOf, namespace} = this.#options
    const service = self()
    const access = service === undefined ? undefined : accessOf(service)
    if (service === undefined || access === undefined) return undefined
    const caller = callerFrom(headers[callerHeader], namespace)
    if (isAllowed(access, {caller, method, path})) return undefined
    const who = caller === undefined ? 'a caller that does not say who it is' : `${caller.namespace}/${caller.name}`
    const message = `${who} may not ${method} ${path} of ${service.namespace}/${service.name}: an AccessPolicy turns it away`
    return {status: 403, body: {error: 'MESH_DENIED', message}}
  }
}
