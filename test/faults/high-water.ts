import type {Replicas} from './replicas.ts'

/** The most memory that a replica had resident since it was begun; looked at every 200 ms. */
export class HighWater {
  readonly #replicas: Replicas
  readonly #name: string
  readonly #timer: NodeJS.Timeout
  #most = 0

  constructor(replicas: Replicas, name: string) {
    this.#replicas = replicas
    this.#name = name
    this.#timer = setInterval(() => this.#look(), 200)
  }

  /** MiB. */
  stop(): number {
    clearInterval(this.#timer)
    this.#look()
    return this.#most
  }

  #look(): void {
    this.#most = Math.max(this.#most, this.#replicas.residentMiB(this.#name))
  }
}
