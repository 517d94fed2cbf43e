import {EventEmitter} from 'node:events'
import type {MeshEvents} from './events.ts'

/**
 * An emitter whose errors end no process: where nobody listens they are written to stderr once each, and what a listener
 * throws is such an error.
 */
export class MeshEmitter extends EventEmitter {
  readonly #told = new Set<string>()

  /** Tells every listener, whatever another one throws, or what it returns rejects with. */
  tell<Event extends keyof MeshEvents>(event: Event, ...said: MeshEvents[Event]): void {
    const failed = (error: unknown): void => {
      if (event === 'error') this.#warn(error)
      else this.fail(error)
    }
    // Those of `once` take themselves away.
    for (const listener of this.rawListeners(event)) {
      try {
        const returned: unknown = listener.apply(this, said)
        if (returned instanceof Promise) returned.catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  }

  fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error))
    if (this.listenerCount('error') > 0) this.tell('error', failure)
    else this.#warn(failure)
  }

  #warn(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (this.#told.has(message)) return
    this.#told.add(message)
    process.emitWarning(message, {type: 'MeshwrightWarning'})
  }
}
