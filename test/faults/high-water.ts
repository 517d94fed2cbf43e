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
    this.#timer = setInterval(() => void this.#look(), 200)
  }

  /** MiB. */
  async stop(): Promise<number> {
    clearInterval(this.#timer)
    await this.#look()
    return this.#most
  }

  async #look(): Promise<void> {
    this.#most = Math.max(this.#most, await this.#replicas.residentMiB(this.#name))
  }
}
