import {stringify} from 'yaml'
import {grafana} from './dashboard.ts'
import {ownDashboard} from './own-dashboard.ts'
import {recordingRules} from './recording.ts'
import {trafficDashboard} from './traffic-dashboard.ts'

const origin = (
  mesh: string,
) => `# ${mesh}'s own metrics under neutral names, for one set of dashboards and alerts: see docs/metrics.md.
# Written by packaging/monitoring/write.ts. The sidecars must be scraped every 30 seconds or more often.
`
const yaml = {lineWidth: 0, aliasDuplicateObjects: false}
const titles = {istio: 'Istio', linkerd: 'Linkerd', consul: 'Consul'} as const

/** Every generated file under `manifests`, by its path there. */
export function monitoringFiles(): Readonly<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const dashboard of [trafficDashboard, ownDashboard]) {
    files[`grafana/${dashboard.uid}.json`] = `${JSON.stringify(grafana(dashboard), null, 2)}\n`
  }
  for (const mesh of ['istio', 'linkerd', 'consul'] as const) {
    const groups = [{name: `meshwright-${mesh}`, interval: '15s', rules: recordingRules[mesh]}]
    const rule = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: {name: `meshwright-${mesh}`, labels: {'app.kubernetes.io/part-of': 'meshwright'}},
      spec: {groups},
    }
    files[`prometheus/recording-${mesh}.yaml`] = `${origin(titles[mesh])}${stringify({groups}, yaml)}`
    files[`prometheus/operator/recording-${mesh}.yaml`] = `${origin(titles[mesh])}${stringify(rule, yaml)}`
  }
  return files
}
