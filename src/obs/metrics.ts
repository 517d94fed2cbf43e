import {collectDefaultMetrics, Counter, Histogram, Registry} from 'prom-client'
import {ReadMetrics} from './read-metrics.ts'
import type {Tally} from './tally.ts'

/** Shows a tally to Prometheus. Numbers are copied when somebody scrapes; only durations are collected as they come. */
export function createMetrics(tally: Tally, inFlight: () => number): Registry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({register: registry})

  const durations = new Histogram({
    name: 'meshwright_admission_duration_seconds',
    help: 'Seconds from the arrival of a review to its answer.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers,
  })
  tally.observe = (seconds) => durations.observe(seconds)

  const decisions = new Counter({
    name: 'meshwright_admission_decisions_total',
    help: 'Reviews answered, by mesh, decision and code.',
    labelNames: ['mesh', 'decision', 'code'],
    registers,
    collect() {
      decisions.reset()
      for (const {count, mesh, decision, code} of tally.decisions) decisions.inc({mesh, decision, code}, count)
    },
  })
  const read = new ReadMetrics(registry)
  read.counter('meshwright_admission_shed_total', 'Requests turned away with 429.', () => tally.sheds)
  read.gauge('meshwright_admission_in_flight', 'Requests that have come in and are not answered yet.', inFlight)
  read.gauge(
    'meshwright_configuration_generation',
    'How often configuration and objects were put into force since the start.',
    () => tally.generation,
  )
  read.counter(
    'meshwright_configuration_errors_total',
    'Changes of configuration or objects that were not taken.',
    () => tally.configurationErrors,
  )
  read.gauge(
    'meshwright_configuration_last_reload_successful',
    '1 where the files as they are now are in force, 0 where an older state is.',
    () => Number(tally.lastReloadSuccessful),
  )
  read.gauge(
    'meshwright_cluster_stale_seconds',
    'For how long what is known of the cluster may have been out of date; 0: it is not.',
    () => Math.max(0, ...[...tally.staleSince.values()].map((since) => Date.now() / 1000 - since)),
  )
  read.gauge(
    'meshwright_certificate_expiry_timestamp_seconds',
    'When the certificate being served expires, in seconds since 1970.',
    () => tally.certificateExpiry,
  )
  read.counter(
    'meshwright_certificate_errors_total',
    'Changes of the certificate files that were not taken.',
    () => tally.certificateErrors,
  )
  return registry
}
