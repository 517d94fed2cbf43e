import type {KubeObject} from '../mesh/pod.ts'
import {labelsOf, names, ports, selectorOf} from './names.ts'
import {configurationFile, mounts, podTemplate} from './pod.ts'
import type {Release} from './release.ts'

const component = 'webhook'
/** Seconds beyond the drain: what is under way gets 10, and the process its end. */
const afterDrain = 20

/** What serves admission: its Deployment, its Service, and how many of its pods an eviction may take. */
export function webhookObjects({values, namespace, version}: Release): readonly KubeObject[] {
  const {replicas, drainSeconds, maxInFlight, logLevel, spread} = values.webhook
  const metadata = {name: names.webhook, namespace, labels: labelsOf(component)}
  const selector = selectorOf(component)
  const probe = (path: string) => ({httpGet: {path, port: 'https', scheme: 'HTTPS'}})
  const template = podTemplate(values, version, {
    component,
    args: [
      'webhook',
      `--config=${mounts.configuration}/${configurationFile}`,
      `--cert-dir=${mounts.certificate}`,
      '--host=0.0.0.0',
      `--port=${ports.webhook}`,
      `--metrics-port=${ports.metrics}`,
      `--drain=${drainSeconds}s`,
      `--max-in-flight=${maxInFlight}`,
      `--log-level=${logLevel}`,
      ...(values.mesh === '' ? [] : [`--mesh=${values.mesh}`]),
    ],
    ports: [
      {name: 'https', containerPort: ports.webhook},
      {name: 'metrics', containerPort: ports.metrics},
    ],
    probes: {
      readinessProbe: {...probe('/readyz'), periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 2},
      livenessProbe: {...probe('/livez'), initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 5},
    },
    mounts: [{name: 'certificate', mountPath: mounts.certificate, readOnly: true}],
    // Not optional: without a certificate nothing is served, so a pod waits for it.
    volumes: [{name: 'certificate', secret: {secretName: names.certificateSecret, defaultMode: 0o440}}],
    spread,
    grace: drainSeconds + afterDrain,
  })
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas,
        // A new replica is ready before an old one goes.
        strategy: {type: 'RollingUpdate', rollingUpdate: {maxUnavailable: 0, maxSurge: 1}},
        selector: {matchLabels: selector},
        template,
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {selector, ports: [{name: 'https', port: 443, targetPort: 'https', protocol: 'TCP'}]},
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata,
      // What is not ready protects nobody, and must not keep a node from being drained.
      spec: {maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: {matchLabels: selector}},
    },
  ]
}
