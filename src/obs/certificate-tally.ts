/** What the keeper of certificates counts and knows, in plain numbers; `certificate-metrics.ts` shows them to Prometheus. */
export class CertificateTally {
  /** Seconds since 1970, by certificate: `authority`, `webhook`. Empty while another replica keeps them. */
  readonly expiries = new Map<'authority' | 'webhook', number>()
  /** Authorities and certificates that were issued. */
  readonly issued = new Map<'authority' | 'webhook', number>()
  /** By who overwrote `caBundle`, as the API server names them. */
  readonly overwrites = new Map<string, number>()
  repairs = 0
  /** Authorities that the API server is told to trust: 1, or more while one succeeds another. */
  trusted = 0
  /** The keeper could not do what it had to when it last tried. */
  failing = false

  issue(what: 'authority' | 'webhook'): void {
    this.issued.set(what, (this.issued.get(what) ?? 0) + 1)
  }

  /** Whoever may change registrations chooses these names: a few of them become labels, the others one. */
  overwritten(manager: string): void {
    const label = this.overwrites.has(manager) || this.overwrites.size < mostManagers ? manager : 'other'
    this.overwrites.set(label, (this.overwrites.get(label) ?? 0) + 1)
  }

  /** What only the replica knows that keeps the certificates. */
  rest(): void {
    this.expiries.clear()
    this.trusted = 0
    this.failing = false
  }
}

const mostManagers = 20
