import type {KubeObject, ObjectMeta} from '../mesh/pod.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import {alertGroups} from './alerts.ts'
import {grafana} from './dashboard.ts'
import {ownDashboard} from './own-dashboard.ts'
import {recordingRules} from './recording.ts'
import {trafficDashboard} from './traffic-dashboard.ts'

/** Rules of Prometheus: a file of its own, or a PrometheusRule. */
export interface RuleSet {
  readonly name: string
  /** The mesh whose metrics they read; undefined where it is our own. */
  readonly mesh?: MeshName
  readonly groups: readonly object[]
}

/** The alerts about Meshwright's own processes, and each mesh's metrics under neutral names. */
export const ruleSets: readonly RuleSet[] = [
  {name: 'alerts', groups: alertGroups},
  ...meshNames.map((mesh) => ({
    name: `recording-${mesh}`,
    mesh,
    groups: [{name: `meshwright-${mesh}`, interval: '15s', rules: recordingRules[mesh]}],
  })),
]

/** The text of each dashboard for Grafana, by its uid. */
export function dashboardTexts(): ReadonlyMap<string, string> {
  return new Map(
    [trafficDashboard, ownDashboard].map((dashboard) => [
      dashboard.uid,
      `${JSON.stringify(grafana(dashboard), null, 2)}\n`,
    ]),
  )
}

/** For the Prometheus operator. */
export function prometheusRule({name, groups}: RuleSet, metadata: ObjectMeta): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: {...metadata, name: `meshwright-${name}`},
    spec: {groups},
  }
}
