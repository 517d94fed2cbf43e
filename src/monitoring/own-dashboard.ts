import type {Dashboard} from './dashboard.ts'

const own = 'namespace=~"$namespace"'
const rate = (metric: string, labels = '') => `rate(${metric}{${own}${labels}}[$__rate_interval])`
const admission = 'meshwright_admission_duration_seconds_bucket'
const reconciles = 'meshwright_controller_reconcile_duration_seconds_bucket'
const quantile = (share: number, buckets: string) => `histogram_quantile(${share}, sum by (le) (${rate(buckets)}))`
const quantiles = (buckets: string) =>
  [50, 95, 99].map((percent) => ({expr: quantile(percent / 100, buckets), legend: `p${percent}`}))
const each = '{{pod}} {{instance}}'

/** Webhook and controller, by what they serve on --metrics-port. */
export const ownDashboard: Dashboard = {
  uid: 'meshwright-own',
  title: 'Meshwright / Webhook and controller',
  description: 'What the processes of Meshwright do, and whether they are well.',
  variables: [
    {
      name: 'namespace',
      label: 'Namespace',
      query: 'label_values({__name__=~"meshwright_configuration_generation|meshwright_controller_leads"}, namespace)',
    },
  ],
  rows: [
    {
      title: 'Admission',
      panels: [
        {
          title: 'Reviews by decision',
          description:
            'skipped: no sidecar was wanted; refused: the pod may not be; failed: an error of the webhook itself.',
          type: 'timeseries',
          unit: 'reqps',
          stacked: true,
          targets: [
            {
              expr: `sum by (mesh, decision) (${rate('meshwright_admission_decisions_total')})`,
              legend: '{{mesh}} {{decision}}',
            },
          ],
        },
        {
          title: 'Reviews by code',
          description: 'docs/codes.md says what each code is.',
          type: 'timeseries',
          unit: 'reqps',
          targets: [{expr: `sum by (code) (${rate('meshwright_admission_decisions_total')})`, legend: '{{code}}'}],
        },
        {
          title: 'Time to answer',
          description: 'From the arrival of a review to its answer.',
          type: 'timeseries',
          unit: 's',
          targets: quantiles(admission),
        },
        {
          title: 'Under way, and turned away',
          description: 'Requests that wait for their answer, and those answered with 429 each second.',
          type: 'timeseries',
          unit: 'short',
          targets: [
            {expr: `sum(meshwright_admission_in_flight{${own}})`, legend: 'under way'},
            {expr: `sum(${rate('meshwright_admission_shed_total')})`, legend: 'turned away/s'},
          ],
        },
        {
          title: 'Errors of the webhook',
          description: 'The share of reviews that ended in an error of its own, by code.',
          type: 'timeseries',
          unit: 'percentunit',
          width: 16,
          targets: [
            {
              expr: `sum by (code) (${rate('meshwright_admission_decisions_total', ',decision="failed"')}) / on () group_left () sum(${rate('meshwright_admission_decisions_total')})`,
              legend: '{{code}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Configuration and certificate',
      panels: [
        {
          title: 'Time left to the certificate',
          description: 'Of the one being served. It falls in a straight line and springs up when it is renewed.',
          type: 'timeseries',
          unit: 'dtdurations',
          targets: [
            {expr: `meshwright_certificate_expiry_timestamp_seconds{${own},certificate=""} - time()`, legend: each},
          ],
        },
        {
          title: 'Configuration in force',
          description:
            'How often a configuration was put into force since the start: replicas differ only after restarts.',
          type: 'timeseries',
          unit: 'short',
          targets: [{expr: `meshwright_configuration_generation{${own}}`, legend: each}],
        },
        {
          title: 'Changes that were not taken',
          description: 'Since the start. The last good state stays in force.',
          type: 'timeseries',
          unit: 'short',
          targets: [
            {expr: `sum(meshwright_configuration_errors_total{${own}})`, legend: 'configuration'},
            {expr: `sum(meshwright_certificate_errors_total{${own}})`, legend: 'certificate'},
            {
              expr: `count(meshwright_configuration_last_reload_successful{${own}} == 0)`,
              legend: 'replicas with an older configuration',
            },
          ],
        },
        {
          title: 'Cluster out of date',
          description: 'For how long what the webhook knows of the cluster may have been out of date.',
          type: 'timeseries',
          unit: 's',
          width: 24,
          targets: [{expr: `meshwright_cluster_stale_seconds{${own}}`, legend: each}],
        },
      ],
    },
    {
      title: 'Controller',
      panels: [
        {
          title: 'Who leads',
          description: '1 in the replica that writes; the sum is to be 1.',
          type: 'timeseries',
          unit: 'short',
          targets: [{expr: `meshwright_controller_leads{${own}}`, legend: each}],
        },
        {
          title: 'Queue',
          description: 'Units that wait to be reconciled.',
          type: 'timeseries',
          unit: 'short',
          targets: [{expr: `sum(meshwright_controller_queue_length{${own}})`, legend: 'waiting'}],
        },
        {
          title: 'Units and objects',
          description: 'What rules are about, and what was written for them.',
          type: 'timeseries',
          unit: 'short',
          targets: [
            {expr: `max(meshwright_controller_units{${own}})`, legend: 'units'},
            {expr: `max(meshwright_controller_objects{${own}})`, legend: 'objects'},
          ],
        },
        {
          title: 'Reconciles',
          description: 'Units looked through, and those in which nothing differed.',
          type: 'timeseries',
          unit: 'ops',
          targets: [
            {expr: `sum(${rate('meshwright_controller_reconciles_total')})`, legend: 'all'},
            {expr: `sum(${rate('meshwright_controller_unchanged_total')})`, legend: 'nothing differed'},
          ],
        },
        {
          title: 'Time of a reconcile',
          description: 'With its writes.',
          type: 'timeseries',
          unit: 's',
          targets: quantiles(reconciles),
        },
        {
          title: 'Writes',
          description: 'To the API server. None where nothing differs.',
          type: 'timeseries',
          unit: 'ops',
          stacked: true,
          targets: [
            {expr: `sum by (verb, kind) (${rate('meshwright_controller_writes_total')})`, legend: '{{verb}} {{kind}}'},
          ],
        },
        {
          title: 'Findings: what could not be written',
          description:
            'By code: docs/codes.md. What a mesh only comes near to is in the status of the rules, not here.',
          type: 'timeseries',
          unit: 'ops',
          targets: [{expr: `sum by (code) (${rate('meshwright_controller_failures_total')})`, legend: '{{code}}'}],
        },
        {
          title: 'Watches out of date',
          description: 'Nothing while all are up to date.',
          type: 'timeseries',
          unit: 's',
          targets: [{expr: `time() - meshwright_controller_watch_stale_since_seconds{${own}}`, legend: '{{watch}}'}],
        },
        {
          title: 'Events dropped',
          description: 'Told to nobody, for there were too many at a time.',
          type: 'timeseries',
          unit: 'ops',
          targets: [{expr: `sum(${rate('meshwright_controller_dropped_events_total')})`, legend: 'dropped'}],
        },
      ],
    },
    {
      title: 'Certificates that the controller keeps',
      panels: [
        {
          title: 'Time left in the cluster',
          description:
            "Of the authority and of the certificate in the webhook's Secret, as the replica that leads knows them.",
          type: 'timeseries',
          unit: 'dtdurations',
          targets: [
            {
              expr: `meshwright_certificate_expiry_timestamp_seconds{${own},certificate!=""} - time()`,
              legend: '{{certificate}}',
            },
          ],
        },
        {
          title: 'Issued, and written into caBundle',
          description: 'Since the start, with what others wrote there.',
          type: 'timeseries',
          unit: 'short',
          targets: [
            {
              expr: `sum by (certificate) (meshwright_certificates_issued_total{${own}})`,
              legend: '{{certificate}} issued',
            },
            {expr: `sum(meshwright_cabundle_writes_total{${own}})`, legend: 'caBundle written'},
            {
              expr: `sum by (manager) (meshwright_cabundle_overwrites_total{${own}})`,
              legend: 'overwritten by {{manager}}',
            },
          ],
        },
        {
          title: 'Authorities trusted, and failures',
          description:
            'More than one authority while one succeeds another. A failure is 1 until the next try that succeeds.',
          type: 'timeseries',
          unit: 'short',
          targets: [
            {expr: `max(meshwright_certificate_authorities{${own}})`, legend: 'authorities'},
            {expr: `max(meshwright_certificate_failing{${own}})`, legend: 'failing'},
          ],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Memory',
          description: 'Resident.',
          type: 'timeseries',
          unit: 'bytes',
          width: 12,
          targets: [{expr: `process_resident_memory_bytes{${own}} and on (instance) ${processes()}`, legend: each}],
        },
        {
          title: 'CPU',
          description: 'Seconds each second: 1 is one core.',
          type: 'timeseries',
          unit: 'short',
          width: 12,
          targets: [{expr: `${rate('process_cpu_seconds_total')} and on (instance) ${processes()}`, legend: each}],
        },
      ],
    },
  ],
}

/** Our processes among all that serve metrics of processes. */
function processes(): string {
  return `(meshwright_configuration_generation{${own}} or meshwright_controller_leads{${own}})`
}
