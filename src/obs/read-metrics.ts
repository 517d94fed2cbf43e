import {Counter, Gauge, type Registry} from 'prom-client'

/** Metrics of numbers that stand elsewhere, and are read when somebody scrapes. */
export class ReadMetrics {
  readonly #registers: Registry[]

  constructor(registry: Registry) {
    this.#registers = [registry]
  }

  counter(name: string, help: string, read: () => number): void {
    const metric: Counter = new Counter({
      name,
      help,
      registers: this.#registers,
      collect(): void {
        metric.reset()
        metric.inc(read())
      },
    })
  }

  gauge(name: string, help: string, read: () => number): void {
    const metric: Gauge = new Gauge({name, help, registers: this.#registers, collect: () => metric.set(read())})
  }
}
