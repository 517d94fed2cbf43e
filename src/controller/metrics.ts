import {collectDefaultMetrics, Counter, Gauge, Histogram, Registry} from 'prom-client'
import type {CertificateTally} from '../obs/certificate-tally.ts'
import {registerCertificateMetrics} from '../obs/certificate-metrics.ts'
import {ReadMetrics} from '../obs/read-metrics.ts'
import type {Tally} from './tally.ts'

/** Numbers that stand elsewhere and are read when somebody scrapes. */
export interface Readings {
  readonly queued: () => number
  readonly objects: () => number
  readonly units: () => number
}

/** Shows what a controller counts to Prometheus; of certificates where it keeps them. */
export function createControllerMetrics(
  tally: Tally,
  {queued, objects, units}: Readings,
  certificates?: CertificateTally,
): Registry {
  const registry = new Registry()
  if (certificates !== undefined) registerCertificateMetrics(registry, certificates)
  const registers = [registry]
  collectDefaultMetrics({register: registry})

  const durations = new Histogram({
    name: 'meshwright_controller_reconcile_duration_seconds',
    help: 'Seconds that one unit took, its writes included.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  tally.observe = (seconds) => durations.observe(seconds)

  const read = new ReadMetrics(registry)
  const writes: Counter<'verb' | 'kind'> = new Counter({
    name: 'meshwright_controller_writes_total',
    help: 'Writes to the API server, by verb and kind.',
    labelNames: ['verb', 'kind'],
    registers,
    collect() {
      writes.reset()
      for (const [key, count] of tally.writes) {
        const [verb = '', kind = ''] = key.split(' ')
        writes.inc({verb, kind}, count)
      }
    },
  })
  const failures: Counter<'code'> = new Counter({
    name: 'meshwright_controller_failures_total',
    help: 'Objects that could not be written, by code.',
    labelNames: ['code'],
    registers,
    collect() {
      failures.reset()
      for (const [code, count] of tally.failures) failures.inc({code}, count)
    },
  })
  const stale: Gauge<'watch'> = new Gauge({
    name: 'meshwright_controller_watch_stale_since_seconds',
    help: 'Since when a watch may be out of date, in seconds since 1970; absent while it is not.',
    labelNames: ['watch'],
    registers,
    collect() {
      stale.reset()
      for (const [watch, since] of tally.staleSince) stale.set({watch}, since)
    },
  })

  read.counter('meshwright_controller_reconciles_total', 'Units reconciled.', () => tally.reconciles)
  read.counter(
    'meshwright_controller_unchanged_total',
    'Units reconciled in which nothing differed, so that nothing was written.',
    () => tally.unchanged,
  )
  read.counter(
    'meshwright_controller_dropped_events_total',
    'Events told to nobody, for there were too many at a time.',
    () => tally.droppedEvents,
  )
  read.gauge('meshwright_controller_leads', '1 while this process holds the lease.', () => Number(tally.leads))
  read.gauge('meshwright_controller_queue_length', 'Units that wait to be reconciled.', queued)
  read.gauge('meshwright_controller_objects', 'Objects in the cluster that Meshwright has written to.', objects)
  read.gauge(
    'meshwright_controller_units',
    'Units that rules are about, as they were when everything was last looked through.',
    units,
  )
  return registry
}
