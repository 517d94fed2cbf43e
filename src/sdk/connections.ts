import {Agent, Pool, type Dispatcher} from 'undici'
import {MeshClosedError} from './errors.ts'

export interface ConnectionsOptions {
  /** Connections to one endpoint at most; any number where absent. */
  readonly most?: number
  /** Milliseconds that calls under way have to end by themselves once this is closed; 5,000 where absent. */
  readonly grace?: number
}

/** Connections to services, which end with the mesh: those in use when their calls have ended, or after a while. */
export class Connections {
  readonly #agent: Agent
  /** An agent that is closing does not know its pools any more (undici 8.12.4, lib/dispatcher/agent.js), so that it could not end them. */
  readonly #pools = new Set<Pool>()
  readonly #grace: number
  #end: MeshClosedError | undefined
  #closed: Promise<void> | undefined

  constructor({most, grace = 5000}: ConnectionsOptions = {}) {
    this.#grace = grace
    this.#agent = new Agent({
      keepAliveTimeout: 10_000,
      ...(most !== undefined && {connections: most}),
      factory: (origin, options) => {
        for (const pool of this.#pools) if (pool.destroyed) this.#pools.delete(pool)
        const pool = new Pool(origin, options)
        this.#pools.add(pool)
        return pool
      },
    })
  }

  /** Why calls end that had not ended by themselves; undefined before. */
  get end(): MeshClosedError | undefined {
    return this.#end
  }

  dispatch(options: Dispatcher.DispatchOptions & {readonly origin: string}, handler: Dispatcher.DispatchHandler): void {
    this.#agent.dispatch(options, handler)
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    const impatience = setTimeout(() => {
      const end = (this.#end = new MeshClosedError())
      for (const pool of this.#pools) void pool.destroy(end)
    }, this.#grace)
    try {
      await this.#agent.close()
    } finally {
      clearTimeout(impatience)
    }
  }
}
