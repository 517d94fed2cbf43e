import {EventEmitter} from 'node:events'
import type {MeshEvents} from './events.ts'

/** An emitter whose errors end no process: where nobody listens they are written to stderr once each. */
export class MeshEmitter extends EventEmitter<MeshEvents> {
  readonly #told = new Set<string>()

  fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error))
    if (this.listenerCount('error') > 0) {
      this.emit('error', failure)
      return
    }
    if (this.#told.has(failure.message)) return
    this.#told.add(failure.message)
    process.emitWarning(failure.message, {type: 'MeshwrightWarning'})
  }
}
