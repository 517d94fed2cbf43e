import type {KubeObject} from '../mesh/pod.ts'
import {labelsOf, names, ports, selectorOf} from './names.ts'
import {configurationFile, mounts, podTemplate} from './pod.ts'
import type {Release} from './release.ts'

const component = 'controller'

/** What writes the mesh's own objects; of several replicas one, whichever holds the lease. */
export function controllerObjects({values, namespace, version}: Release): readonly KubeObject[] {
  const {replicas, logLevel} = values.controller
  const probe = (path: string) => ({httpGet: {path, port: 'health'}})
  const template = podTemplate(values, version, {
    component,
    args: [
      'controller',
      `--config=${mounts.configuration}/${configurationFile}`,
      '--host=0.0.0.0',
      `--health-port=${ports.health}`,
      `--metrics-port=${ports.metrics}`,
      `--log-level=${logLevel}`,
      `--webhook-configuration=${names.webhook}`,
      `--webhook-service=${names.webhook}`,
      `--webhook-secret=${names.certificateSecret}`,
      `--ca-secret=${names.authoritySecret}`,
      ...(values.certificates.issuer === 'cert-manager' ? ['--certificates=external'] : []),
      ...(values.mesh === '' ? [] : [`--mesh=${values.mesh}`]),
    ],
    // A smaller young generation than the image's, which is the webhook's: as in bin/meshwright.
    env: [{name: 'NODE_OPTIONS', value: '--max-semi-space-size=4'}],
    ports: [
      {name: 'health', containerPort: ports.health},
      {name: 'metrics', containerPort: ports.metrics},
    ],
    probes: {
      readinessProbe: {...probe('/readyz'), periodSeconds: 5, timeoutSeconds: 2},
      livenessProbe: {...probe('/livez'), initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 5},
    },
    mounts: [],
    volumes: [],
    spread: 'preferred',
    grace: 30,
  })
  const metadata = {name: names.controller, namespace, labels: labelsOf(component)}
  const selector = {matchLabels: selectorOf(component)}
  return [{apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: {replicas, selector, template}}]
}
