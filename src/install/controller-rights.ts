import {names} from './names.ts'
import type {Rights} from './rights.ts'

const watched = ['list', 'watch'] as const
const written = ['get', 'list', 'watch', 'create', 'patch', 'delete'] as const
/** What a mesh writes. Where it is not the mesh of the cluster, what is there is still looked at. */
const kinds = {verbs: written, elsewhere: watched} as const

/**
 * What the controller reads and writes, and nothing else. Of the meshes' kinds it is every one that a rule may become;
 * whoever runs one mesh only can leave out the others'.
 */
export const controllerRights: Rights = {
  cluster: [
    {
      why: 'The rules, and what became of them.',
      apiGroups: ['meshwright.dev'],
      resources: ['meshconfigs', 'meshservices', 'trafficpolicies', 'accesspolicies'],
      verbs: watched,
    },
    {
      apiGroups: ['meshwright.dev'],
      resources: ['meshconfigs/status', 'meshservices/status', 'trafficpolicies/status', 'accesspolicies/status'],
      verbs: ['patch'],
    },
    {apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch']},
    {why: 'What rules are about.', apiGroups: [''], resources: ['namespaces', 'pods'], verbs: watched},
    {apiGroups: ['gateway.networking.k8s.io'], resources: ['referencegrants'], verbs: watched},
    {apiGroups: ['linkerd.io'], resources: ['serviceprofiles'], verbs: watched},
    {
      why: 'What Istio and Linkerd were installed with: their trust domain, their mesh config.',
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['istio', 'istio-sidecar-injector', 'linkerd-config', 'linkerd-identity-trust-roots'],
      verbs: watched,
    },
    {
      why: "caBundle of the webhook's registration.",
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['mutatingwebhookconfigurations'],
      resourceNames: [names.webhook],
      verbs: ['list', 'watch', 'patch'],
    },
    {
      why: 'Istio.',
      mesh: 'istio',
      apiGroups: ['networking.istio.io'],
      resources: ['destinationrules', 'virtualservices'],
      ...kinds,
    },
    {
      mesh: 'istio',
      apiGroups: ['security.istio.io'],
      resources: ['authorizationpolicies', 'peerauthentications'],
      ...kinds,
    },
    {mesh: 'istio', apiGroups: ['telemetry.istio.io'], resources: ['telemetries'], ...kinds},
    {
      why: 'Linkerd. Services: one for each version of a service, and annotations on those that are there.',
      mesh: 'linkerd',
      apiGroups: [''],
      resources: ['services'],
      ...kinds,
    },
    {
      mesh: 'linkerd',
      apiGroups: ['policy.linkerd.io'],
      resources: ['authorizationpolicies', 'httproutes', 'meshtlsauthentications', 'networkauthentications', 'servers'],
      ...kinds,
    },
    {mesh: 'linkerd', apiGroups: ['gateway.networking.k8s.io'], resources: ['grpcroutes', 'httproutes'], ...kinds},
    {
      why: 'Consul.',
      mesh: 'consul',
      apiGroups: ['consul.hashicorp.com'],
      resources: [
        'meshes',
        'proxydefaults',
        'servicedefaults',
        'serviceintentions',
        'serviceresolvers',
        'servicerouters',
        'servicesplitters',
      ],
      ...kinds,
    },
  ],
  own: [
    {why: 'Which replica writes.', apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create']},
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: ['meshwright-controller'],
      verbs: ['get', 'patch'],
    },
    {
      why: "The webhook's certificates. What is created has no name yet that a rule could go by.",
      apiGroups: [''],
      resources: ['secrets'],
      verbs: ['create'],
    },
    {
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: [names.authoritySecret, names.certificateSecret],
      verbs: ['list', 'watch', 'patch'],
    },
    {
      why: 'Which replicas there are, to see whose certificate they serve.',
      apiGroups: ['discovery.k8s.io'],
      resources: ['endpointslices'],
      verbs: ['list'],
    },
  ],
}
