import type {KubeObject} from '../mesh/pod.ts'
import {admissionLabel, clusterNamespaces, labelsOf, names} from './names.ts'
import type {Release} from './release.ts'

/**
 * What the API server is told. The handler decides about pods, and says why; what is left out here never reaches it, so
 * that it cannot stand in the way of the cluster or of itself, not even with no replica at all.
 *
 * `caBundle` is left out: the controller writes it, and an upgrade must not take it away again.
 */
export function registration({values, namespace}: Release): KubeObject {
  const {namespaces, excludedNamespaces, reinvocationPolicy, timeoutSeconds} = values.webhook
  // Without a certificate the webhook does not answer, and without an answer nothing starts that could issue one.
  const issuerNamespaces = values.certificates.issuer === 'cert-manager' ? ['cert-manager'] : []
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: names.webhook,
      labels: labelsOf('webhook'),
    },
    webhooks: [
      {
        name: 'inject.meshwright.dev',
        admissionReviewVersions: ['v1'],
        clientConfig: {service: {name: names.webhook, namespace, path: '/mutate', port: 443}},
        namespaceSelector: {
          matchExpressions: [
            {
              key: 'kubernetes.io/metadata.name',
              operator: 'NotIn',
              values: [...new Set([...clusterNamespaces, ...issuerNamespaces, namespace, ...excludedNamespaces])],
            },
            namespaces === 'labelled'
              ? {key: admissionLabel, operator: 'In', values: ['enabled']}
              : {key: admissionLabel, operator: 'NotIn', values: ['disabled']},
          ],
        },
        matchConditions: [
          // Whatever somebody makes of the selector above: its own pods start without it.
          {name: 'not-its-own-namespace', expression: `request.namespace != '${namespace}'`},
          // Kubelets only create mirror pods of what they run already.
          {name: 'not-a-node', expression: "!('system:nodes' in request.userInfo.groups)"},
        ],
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE'],
            // Only Linkerd's webhook annotates Services.
            resources: values.mesh === '' || values.mesh === 'linkerd' ? ['pods', 'services'] : ['pods'],
            scope: 'Namespaced',
          },
        ],
        failurePolicy: values.failurePolicy,
        matchPolicy: 'Equivalent',
        reinvocationPolicy,
        sideEffects: 'None',
        timeoutSeconds,
      },
    ],
  }
}
