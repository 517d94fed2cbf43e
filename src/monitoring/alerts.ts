/** An alert of Prometheus; its heading in docs/operate.md says what to do. */
export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: {readonly severity: 'warning' | 'critical'}
  readonly annotations: {readonly summary: string; readonly description: string; readonly runbook_url: string}
}

export interface AlertGroup {
  readonly name: string
  readonly rules: readonly Alert[]
}

interface Words {
  readonly expr: string
  /** How long it must hold. */
  readonly for?: string
  readonly summary: string
  readonly description: string
}

function alert(
  name: string,
  severity: 'warning' | 'critical',
  {expr, for: lasting, summary, description}: Words,
): Alert {
  return {
    alert: name,
    expr,
    ...(lasting !== undefined && {for: lasting}),
    labels: {severity},
    annotations: {summary, description, runbook_url: `docs/operate.md#${name.toLowerCase()}`},
  }
}

/**
 * About Meshwright's own processes, from what they serve on --metrics-port. Each alert keeps the labels that tell installations
 * apart: cluster, namespace, job.
 */
export const alertGroups: readonly AlertGroup[] = [
  {
    name: 'meshwright-webhook',
    rules: [
      alert('MeshwrightWebhookAbsent', 'critical', {
        expr: 'absent(meshwright_admission_in_flight)',
        for: '5m',
        summary: 'No webhook of Meshwright is scraped',
        description:
          'No replica has been scraped for five minutes. With failurePolicy Fail no pod is created where the ' +
          'webhook is registered; with Ignore pods start without a sidecar.',
      }),
      alert('MeshwrightCertificateExpiresSoon', 'warning', {
        expr: 'meshwright_certificate_expiry_timestamp_seconds{certificate=""} - time() < 48 * 3600',
        for: '15m',
        summary: `The webhook's certificate expires within two days`,
        description:
          'The certificate that {{ $labels.instance }} serves expires in {{ $value | humanizeDuration }}. ' +
          'Whatever renews it should have done so by now, or the webhook does not see the new one.',
      }),
      alert('MeshwrightCertificateExpires', 'critical', {
        expr: 'meshwright_certificate_expiry_timestamp_seconds{certificate=""} - time() < 6 * 3600',
        summary: `The webhook's certificate expires within six hours`,
        description:
          'The certificate that {{ $labels.instance }} serves expires in {{ $value | humanizeDuration }}. From ' +
          'then on the API server calls the webhook in vain, and failurePolicy decides what becomes of pods.',
      }),
      alert('MeshwrightCertificateNotTaken', 'warning', {
        expr: 'increase(meshwright_certificate_errors_total[15m]) > 0',
        summary: 'A new certificate was not taken',
        description:
          '{{ $labels.instance }} found new certificate files that it cannot use, and goes on with the old ' +
          'ones. Its log says what is wrong with them.',
      }),
      alert('MeshwrightAdmissionFails', 'critical', {
        expr:
          'sum by (cluster, namespace, job) (rate(meshwright_admission_decisions_total{decision="failed"}[5m])) ' +
          '/ sum by (cluster, namespace, job) (rate(meshwright_admission_decisions_total[5m])) > 0.01',
        for: '5m',
        summary: 'The webhook answers reviews with errors of its own',
        description:
          '{{ $value | humanizePercentage }} of the reviews ended in an error of the webhook itself, not in a ' +
          'decision. The log and the label code of meshwright_admission_decisions_total say which.',
      }),
      alert('MeshwrightAdmissionSheds', 'warning', {
        expr: 'sum by (cluster, namespace, job) (increase(meshwright_admission_shed_total[5m])) > 0',
        for: '5m',
        summary: 'The webhook turns reviews away',
        description:
          'For five minutes there has been more to do than the replicas do: {{ $value | humanize }} reviews ' +
          'were turned away with 429. The API server treats them as failurePolicy says.',
      }),
      alert('MeshwrightAdmissionSlow', 'warning', {
        expr:
          'histogram_quantile(0.99, sum by (cluster, namespace, job, le) ' +
          '(rate(meshwright_admission_duration_seconds_bucket[5m]))) > 1',
        for: '10m',
        summary: 'The webhook takes more than a second',
        description:
          'One review in a hundred takes {{ $value | humanizeDuration }} or longer; the API server gives up ' +
          'after the timeoutSeconds of the registration.',
      }),
      alert('MeshwrightConfigurationNotTaken', 'warning', {
        expr: 'meshwright_configuration_last_reload_successful == 0',
        for: '5m',
        summary: 'The configuration was changed, and the change is not in force',
        description:
          '{{ $labels.instance }} cannot use the configuration as it is now and goes on with the last good one. ' +
          'Its log names the place, the reason and the fix.',
      }),
      alert('MeshwrightClusterStale', 'warning', {
        expr: 'meshwright_cluster_stale_seconds > 300',
        summary: 'The webhook knows the cluster only as it was',
        description:
          'What {{ $labels.instance }} knows of MeshConfigs and Namespaces may be {{ $value | humanizeDuration ' +
          '}} old: a watch of the API server does not come back.',
      }),
    ],
  },
  {
    name: 'meshwright-controller',
    rules: [
      alert('MeshwrightControllerAbsent', 'critical', {
        expr: 'absent(meshwright_controller_leads)',
        for: '5m',
        summary: 'No controller of Meshwright is scraped',
        description:
          'No replica has been scraped for five minutes. The mesh goes on with the objects that it has; changed ' +
          'rules do not reach it.',
      }),
      alert('MeshwrightControllerNoLeader', 'critical', {
        expr: 'sum by (cluster, namespace, job) (meshwright_controller_leads) == 0',
        for: '3m',
        summary: 'No replica of the controller leads',
        description:
          'Nobody holds the Lease meshwright-controller, so nothing is written: changed rules do not reach the ' +
          'mesh.',
      }),
      alert('MeshwrightControllerSeveralLeaders', 'critical', {
        expr: 'sum by (cluster, namespace, job) (meshwright_controller_leads) > 1',
        for: '3m',
        summary: 'Several replicas of the controller say that they lead',
        description:
          '{{ $value }} replicas hold themselves for the leader. Replicas are expected to share one Lease; look ' +
          'for two installations, or for a clock that is wrong.',
      }),
      alert('MeshwrightControllerNotSynced', 'warning', {
        expr: 'time() - min without (watch) (meshwright_controller_watch_stale_since_seconds) > 300',
        summary: 'The controller knows the cluster only as it was',
        description:
          'A watch of {{ $labels.instance }} has been out of touch for {{ $value | humanizeDuration }}. What ' +
          'differs since then is neither seen nor written.',
      }),
      alert('MeshwrightControllerFails', 'warning', {
        expr: 'sum by (cluster, namespace, job, code) (increase(meshwright_controller_failures_total[10m])) > 0',
        for: '15m',
        summary: 'The controller cannot write objects of the mesh',
        description:
          'Writes have gone on failing with {{ $labels.code }} for fifteen minutes. The condition Programmed of ' +
          'the rules concerned says why; meshwright status -A lists them.',
      }),
      alert('MeshwrightControllerStuck', 'critical', {
        expr:
          'sum by (cluster, namespace, job) (meshwright_controller_queue_length) > 0 and sum by (cluster, ' +
          'namespace, job) (rate(meshwright_controller_reconciles_total[10m])) == 0',
        for: '10m',
        summary: 'The controller has work and does none',
        description: '{{ $value }} units wait, and none has been reconciled for ten minutes.',
      }),
    ],
  },
  {
    name: 'meshwright-certificates',
    rules: [
      alert('MeshwrightCertificateNotRenewed', 'warning', {
        expr: 'meshwright_certificate_expiry_timestamp_seconds{certificate!=""} - time() < 48 * 3600',
        for: '15m',
        summary: 'A certificate that the controller keeps was not renewed',
        description:
          'The {{ $labels.certificate }} certificate in the cluster expires in {{ $value | humanizeDuration }}, ' +
          `and should have been renewed long ago. The controller's log says what keeps it from that.`,
      }),
      alert('MeshwrightCertificatesFail', 'warning', {
        expr: 'meshwright_certificate_failing == 1',
        for: '10m',
        summary: `The controller cannot keep the webhook's certificates`,
        description:
          `For ten minutes {{ $labels.instance }} could put neither the Secrets nor the registration's caBundle ` +
          'right. What is there holds until it expires.',
      }),
      alert('MeshwrightCaBundleOverwritten', 'warning', {
        expr: 'sum by (cluster, namespace, job, manager) (increase(meshwright_cabundle_overwrites_total[10m])) > 0',
        for: '20m',
        summary: `Somebody else writes the registration's caBundle again and again`,
        description:
          '{{ $labels.manager }} and the controller overwrite each other. In between the API server may trust ' +
          'nobody whom the webhook can show. Let one of them keep it.',
      }),
      alert('MeshwrightAuthoritiesOverlap', 'warning', {
        expr: 'max by (cluster, namespace, job) (meshwright_certificate_authorities) > 1',
        for: '2h',
        summary: 'A rotation of the certificate authority does not come to its end',
        description:
          'For two hours the registration has trusted {{ $value }} authorities. The old one is kept until every replica of ' +
          'the webhook shows a certificate of the new one, and some replica does not.',
      }),
    ],
  },
]
