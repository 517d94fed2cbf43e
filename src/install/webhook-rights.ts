import type {Rights} from './rights.ts'

const watched = ['list', 'watch'] as const

/**
 * What the webhook reads of a cluster, and nothing else: it writes nothing. Of ConfigMaps and Secrets it reads only those
 * in which a mesh keeps its own settings, each by its name.
 */
export const webhookRights: Rights = {
  cluster: [
    {why: 'Labels and annotations decide who is injected.', apiGroups: [''], resources: ['namespaces'], verbs: watched},
    {apiGroups: ['meshwright.dev'], resources: ['meshconfigs'], verbs: watched},
    {
      why: 'Linkerd labels a pod with the owner of its owner. Only metadata is asked for.',
      mesh: 'linkerd',
      apiGroups: ['apps'],
      resources: ['replicasets'],
      verbs: watched,
    },
    {mesh: 'linkerd', apiGroups: ['batch'], resources: ['jobs'], verbs: watched},
    {
      why: 'Consul: the accounts of multi-port services.',
      mesh: 'consul',
      apiGroups: [''],
      resources: ['serviceaccounts'],
      verbs: watched,
    },
    {
      why: 'What Istio was installed with.',
      mesh: 'istio',
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['istio', 'istio-sidecar-injector'],
      verbs: watched,
    },
    {
      why: 'What Linkerd was installed with.',
      mesh: 'linkerd',
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['linkerd-config', 'linkerd-identity-trust-roots'],
      verbs: watched,
    },
    {
      why: "Consul's CA certificate, as its chart names it with and without global.name: consul. Where fullnameOverride or global.tls.caCert.secretName make it another name, put that here.",
      mesh: 'consul',
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: ['consul-ca-cert', 'consul-consul-ca-cert'],
      verbs: watched,
    },
    {
      mesh: 'consul',
      apiGroups: ['consul.hashicorp.com'],
      resources: ['proxydefaults'],
      resourceNames: ['global'],
      verbs: watched,
    },
  ],
  own: [],
}
