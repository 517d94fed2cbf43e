import {createControllerMetrics} from '../../src/controller/metrics.ts'
import {Tally as ControllerTally} from '../../src/controller/tally.ts'
import {CertificateTally} from '../../src/obs/certificate-tally.ts'
import {createMetrics} from '../../src/obs/metrics.ts'
import {Tally} from '../../src/obs/tally.ts'

/** Every metric that the webhook and the controller serve, as Prometheus stores it. */
export async function ownMetrics(): Promise<ReadonlySet<string>> {
  const nothing = () => 0
  const registries = [
    createMetrics(new Tally(), nothing),
    createControllerMetrics(
      new ControllerTally(),
      {queued: nothing, objects: nothing, units: nothing},
      new CertificateTally(),
    ),
  ]
  const metrics = (await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).flat()
  return new Set(
    metrics.flatMap(({name, type}) =>
      String(type) === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
    ),
  )
}
