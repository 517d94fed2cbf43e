import type {KubeObject} from '../mesh/pod.ts'
import {labelsOf} from './names.ts'
import type {Release} from './release.ts'

/** What the Prometheus operator is asked for. */
export function monitoringObjects({values, namespace}: Release): readonly KubeObject[] {
  const {podMonitor, labels} = values.monitoring
  if (!podMonitor) return []
  return [
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: {name: 'meshwright', namespace, labels: {...labels, ...labelsOf()}},
      spec: {
        selector: {matchLabels: {'app.kubernetes.io/name': 'meshwright'}},
        podMetricsEndpoints: [{port: 'metrics', path: '/metrics'}],
      },
    },
  ]
}
