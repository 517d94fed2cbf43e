import type {Breaker} from '../../intent/intent.ts'

interface Host {
  failures: number
  /** How often it was ejected, less one for each interval in which it stayed well. */
  ejections: number
  /** Milliseconds of the clock; until then it gets no requests. */
  ejectedUntil: number
}

/** How often Envoy looks whether an ejection is over and counts a quiet host better, as the meshes are told to. */
const interval = 1000

/**
 * Ejects endpoints after consecutive failures, as Envoy's outlier detection does (source/common/upstream/outlier_detection_impl.cc):
 * the n-th ejection lasts n times the first one, at most the longest; when it is over the endpoint is a full one again, with
 * its failures forgotten.
 */
export class Ejections {
  readonly #now: () => number
  readonly #hosts = new Map<string, Host>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Which of the endpoints may be asked. Every one may be ejected; then the answer is empty. */
  available(endpoints: readonly string[]): readonly string[] {
    const now = this.#now()
    return endpoints.filter((endpoint) => (this.#hosts.get(endpoint)?.ejectedUntil ?? 0) <= now)
  }

  /** What became of one try. */
  record(endpoint: string, ok: boolean, {threshold, timeout, recovery}: Breaker): void {
    const host = this.#hosts.get(endpoint) ?? {failures: 0, ejections: 0, ejectedUntil: 0}
    this.#hosts.set(endpoint, host)
    const now = this.#now()
    // Answers to what was sent before the ejection do not count again.
    if (host.ejectedUntil > now) return
    if (host.ejectedUntil > 0) {
      const quiet = Math.floor((now - host.ejectedUntil) / interval)
      host.ejections = Math.max(0, host.ejections - quiet)
    }
    if (ok) {
      host.failures = 0
      return
    }
    host.failures++
    if (host.failures < threshold) return
    host.failures = 0
    host.ejections++
    host.ejectedUntil = now + Math.min(timeout * host.ejections, recovery)
  }
}
