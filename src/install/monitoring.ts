import type {KubeObject, ObjectMeta} from '../mesh/pod.ts'
import {dashboardTexts, prometheusRule, ruleSets} from '../monitoring/objects.ts'
import {labelsOf} from './names.ts'
import type {Release} from './release.ts'

/** What the Prometheus operator and Grafana are asked for. */
export function monitoringObjects({values, namespace}: Release): readonly KubeObject[] {
  const {podMonitor, rules, dashboards, labels, dashboardLabels} = values.monitoring
  const metadata = {namespace, labels: {...labels, ...labelsOf()}}
  return [
    ...(podMonitor ? [podMonitorOf(metadata)] : []),
    ...(rules ? ruleSets.filter(({mesh}) => mesh === undefined || ['', mesh].includes(values.mesh)) : []).map((set) =>
      prometheusRule(set, metadata),
    ),
    ...(dashboards
      ? [...dashboardTexts()].map(([uid, text]) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {name: `${uid}-dashboard`, namespace, labels: {...dashboardLabels, ...labelsOf()}},
          data: {[`${uid}.json`]: text},
        }))
      : []),
  ]
}

function podMonitorOf(metadata: ObjectMeta): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: {name: 'meshwright', ...metadata},
    spec: {
      selector: {matchLabels: {'app.kubernetes.io/name': 'meshwright'}},
      podMetricsEndpoints: [{port: 'metrics', path: '/metrics'}],
    },
  }
}
