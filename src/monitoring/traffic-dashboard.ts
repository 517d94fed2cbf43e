import type {Dashboard, Panel} from './dashboard.ts'

const all = 'mesh=~"$mesh",namespace=~"$namespace"'
const one = `${all},service=~"$service"`
const counts = 'meshwright:request_count:rate1m'
const failures = 'meshwright:request_failures:rate1m'
const buckets = 'meshwright:request_duration_milliseconds_bucket:rate1m'
const ofVersion = (metric: string) => metric.replace('meshwright:', 'meshwright:version_')

const failed = (labels: string, by: string, name = (metric: string) => metric) =>
  `sum by (${by}) (${name(failures)}{${labels}}) / sum by (${by}) (${name(counts)}{${labels}})`
const quantile = (share: number, labels: string, by: string, name = (metric: string) => metric) =>
  `histogram_quantile(${share}, sum by (${by}, le) (${name(buckets)}{${labels}}))`

const service = 'namespace, service'
const version = 'namespace, service, version'

/** Requests, failures and durations in columns, for whichever services these labels leave. */
function table(title: string, labels: string, by: string, name?: (metric: string) => string): Panel {
  const of = name ?? ((metric: string) => metric)
  return {
    title,
    description: 'Every chart below in numbers: the last minute.',
    type: 'table',
    unit: 'none',
    width: 24,
    targets: [
      {expr: `sum by (${by}) (${of(counts)}{${labels}})`, legend: 'requests/s'},
      {expr: failed(labels, by, name), legend: 'failed (ratio)'},
      {expr: quantile(0.5, labels, by, name), legend: 'p50 (ms)'},
      {expr: quantile(0.95, labels, by, name), legend: 'p95 (ms)'},
      {expr: quantile(0.99, labels, by, name), legend: 'p99 (ms)'},
    ],
  }
}

/** The services of any mesh, by the neutral names of the recording rules. */
export const trafficDashboard: Dashboard = {
  uid: 'meshwright-traffic',
  title: 'Meshwright / Traffic of services',
  description: 'Requests, failures, durations and sizes of services and their versions, on Istio, Linkerd or Consul.',
  variables: [
    {name: 'mesh', label: 'Mesh', query: `label_values(${counts}, mesh)`},
    {name: 'namespace', label: 'Namespace', query: `label_values(${counts}{mesh=~"$mesh"}, namespace)`},
    {name: 'service', label: 'Service', query: `label_values(${counts}{${all}}, service)`},
  ],
  rows: [
    {title: 'Every service of the namespace', panels: [table('Services', all, service)]},
    {
      title: 'The service',
      panels: [
        {
          title: 'Requests',
          description: 'By class of the response; none: there was no response.',
          type: 'timeseries',
          unit: 'reqps',
          stacked: true,
          targets: [{expr: `sum by (code_class) (${counts}{${one}})`, legend: '{{code_class}}'}],
        },
        {
          title: 'Failed',
          description:
            'The share of requests that failed: 5xx; on Linkerd also those without an answer; of gRPC by its own status. Nothing where there were no requests.',
          type: 'timeseries',
          unit: 'percentunit',
          targets: [{expr: failed(one, service), legend: '{{service}}'}],
        },
        {
          title: 'Duration',
          description:
            'Estimated from the buckets of the mesh. Of Linkerd and Consul they are those of the proxy, up to the first byte in Linkerd.',
          type: 'timeseries',
          unit: 'ms',
          targets: [
            {expr: quantile(0.5, one, service), legend: 'p50'},
            {expr: quantile(0.95, one, service), legend: 'p95'},
            {expr: quantile(0.99, one, service), legend: 'p99'},
          ],
        },
        {
          title: 'Size of bodies',
          description: 'The mean. Linkerd does not tell it by service; Consul only with track_cluster_stats.',
          type: 'timeseries',
          unit: 'bytes',
          width: 24,
          targets: [
            {expr: `meshwright:request_size_bytes:mean1m{${one}}`, legend: 'request'},
            {expr: `meshwright:response_size_bytes:mean1m{${one}}`, legend: 'response'},
          ],
        },
      ],
    },
    {
      title: 'Its versions: canaries and splits',
      panels: [
        {
          title: 'Share of requests',
          description: 'What each version really gets. On Linkerd versions go by the names of their Services.',
          type: 'timeseries',
          unit: 'percentunit',
          targets: [
            {
              expr: `sum by (${version}) (${ofVersion(counts)}{${one}}) / on (${service}) group_left () sum by (${service}) (${ofVersion(counts)}{${one}})`,
              legend: '{{version}}',
            },
          ],
        },
        {
          title: 'Failed, by version',
          description: 'The share of the requests of each version.',
          type: 'timeseries',
          unit: 'percentunit',
          targets: [{expr: failed(one, version, ofVersion), legend: '{{version}}'}],
        },
        {
          title: 'Duration p95, by version',
          description: 'On Consul as the callers see it, since a sidecar does not know its own version.',
          type: 'timeseries',
          unit: 'ms',
          targets: [{expr: quantile(0.95, one, version, ofVersion), legend: '{{version}}'}],
        },
        table('Versions', one, version, ofVersion),
      ],
    },
  ],
}
