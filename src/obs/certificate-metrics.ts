import {Counter, Gauge, type Registry} from 'prom-client'
import type {CertificateTally} from './certificate-tally.ts'
import {ReadMetrics} from './read-metrics.ts'

/** Shows what the keeper of certificates counts to Prometheus. */
export function registerCertificateMetrics(registry: Registry, tally: CertificateTally): void {
  const registers = [registry]
  const expiry: Gauge<'certificate'> = new Gauge({
    name: 'meshwright_certificate_expiry_timestamp_seconds',
    help: "When the authority, and the certificate in the webhook's Secret, expire, in seconds since 1970; absent in a replica that does not lead.",
    labelNames: ['certificate'],
    registers,
    collect() {
      expiry.reset()
      for (const [certificate, seconds] of tally.expiries) expiry.set({certificate}, seconds)
    },
  })
  const issued: Counter<'certificate'> = new Counter({
    name: 'meshwright_certificates_issued_total',
    help: 'Authorities made, and certificates issued for the webhook.',
    labelNames: ['certificate'],
    registers,
    collect() {
      issued.reset()
      for (const [certificate, count] of tally.issued) issued.inc({certificate}, count)
    },
  })
  const overwrites: Counter<'manager'> = new Counter({
    name: 'meshwright_cabundle_overwrites_total',
    help: "How often somebody else changed the registration's caBundle, by field manager.",
    labelNames: ['manager'],
    registers,
    collect() {
      overwrites.reset()
      for (const [manager, count] of tally.overwrites) overwrites.inc({manager}, count)
    },
  })
  const read = new ReadMetrics(registry)
  read.counter(
    'meshwright_cabundle_writes_total',
    "How often we wrote the registration's caBundle.",
    () => tally.repairs,
  )
  read.gauge(
    'meshwright_certificate_authorities',
    'Authorities that the API server is told to trust: 1, more while one succeeds another, 0 in a replica that does not lead.',
    () => tally.trusted,
  )
  read.gauge(
    'meshwright_certificate_failing',
    '1 where certificates or caBundle could not be put right at the last try.',
    () => Number(tally.failing),
  )
}
