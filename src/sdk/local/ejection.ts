import type {Breaker} from '../../intent/intent.ts'

interface Host {
  failures: number
  /** How many times as long as the first one the last ejection was; less one for each sweep in which it has stayed well. */
  backoff: number
  /** Milliseconds of the clock; until then it gets no requests. */
  ejectedUntil: number
}

/** How often Envoy looks whether an ejection is over and counts a quiet host better, as the meshes are told to. */
const sweep = 10_000

/**
 * Ejects endpoints after consecutive failures, as Envoy's outlier detection does (1.40,
 * source/common/upstream/outlier_detection_impl.cc): the n-th ejection lasts n times the first one, at most the longest;
 * when it is over the endpoint is a full one again, with its failures forgotten. Envoy ends it at its next sweep; here it
 * ends when it is over. Endpoints are judged for each group (a subset of a service) apart, as clusters are.
 */
export class Ejections {
  readonly #now: () => number
  readonly #groups = new Map<string, Map<string, Host>>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Which of the endpoints may be asked. Every one may be ejected; then the answer is empty. */
  available(group: string, endpoints: readonly string[]): readonly string[] {
    const hosts = this.#groups.get(group)
    if (hosts === undefined) return endpoints
    const now = this.#now()
    return endpoints.filter((endpoint) => (hosts.get(endpoint)?.ejectedUntil ?? 0) <= now)
  }

  /** What became of one try. */
  record(group: string, endpoint: string, ok: boolean, {threshold, timeout, recovery}: Breaker): void {
    const host = this.#hostOf(group, endpoint)
    const now = this.#now()
    // Answers to what was sent before the ejection do not count again.
    if (host.ejectedUntil > now) return
    if (ok) {
      host.failures = 0
      return
    }
    host.failures++
    if (host.failures < threshold) return
    host.failures = 0
    const quiet = host.ejectedUntil === 0 ? 0 : Math.floor((now - host.ejectedUntil) / Math.min(sweep, timeout))
    host.backoff = Math.max(0, host.backoff - quiet)
    if (host.backoff * timeout < recovery + timeout) host.backoff++
    host.ejectedUntil = now + Math.min(timeout * host.backoff, recovery)
  }

  /** There is no breaker any more. */
  forget(group: string): void {
    this.#groups.delete(group)
  }

  #hostOf(group: string, endpoint: string): Host {
    const hosts = this.#groups.get(group) ?? new Map<string, Host>()
    this.#groups.set(group, hosts)
    const host = hosts.get(endpoint) ?? {failures: 0, backoff: 0, ejectedUntil: 0}
    hosts.set(endpoint, host)
    return host
  }
}
