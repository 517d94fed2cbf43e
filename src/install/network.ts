import type {KubeObject} from '../mesh/pod.ts'
import {labelsOf, names, ports, selectorOf, type Component} from './names.ts'
import type {Release} from './release.ts'

/**
 * Who may be reached, and may reach: the webhook by the API server, whose address no selector names; metrics by anybody;
 * from inside, the API server, and the webhook by the controller. A review calls nobody, and a rule names no address that is called.
 */
export function networkPolicies({values, namespace}: Release): readonly KubeObject[] {
  if (!values.networkPolicy.enabled) return []
  const policy = (component: Component, open: readonly number[], more: readonly object[] = []): KubeObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {name: names[component], namespace, labels: labelsOf(component)},
    spec: {
      podSelector: {matchLabels: selectorOf(component)},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ports: open.map((port) => ({port, protocol: 'TCP'}))}],
      egress: [{ports: values.networkPolicy.apiServerPorts.map((port) => ({port, protocol: 'TCP'}))}, ...more],
    },
  })
  // The controller looks whose certificate the webhook's replicas serve.
  const replicas = {
    to: [{podSelector: {matchLabels: selectorOf('webhook')}}],
    ports: [{port: ports.webhook, protocol: 'TCP'}],
  }
  // The kubelet's probes come from the node, which some networks count as anybody.
  return [
    policy('webhook', [ports.webhook, ports.metrics]),
    policy('controller', [ports.health, ports.metrics], [replicas]),
  ]
}
