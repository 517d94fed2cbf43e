import {flatText} from '../flat.ts'
import type {NamespaceFacts} from '../objects.ts'
import type {Pod} from '../pod.ts'
import type {Annotations} from './annotations.ts'
import {releaseNamespace} from './keys.ts'
import type {ClusterDns} from './resolv-conf.ts'

/** The fields of a pod's spec that send its DNS queries to the sidecar first and to the cluster's DNS then. */
export function dnsFields(
  annotations: Annotations,
  pod: Pod,
  namespace: NamespaceFacts,
  dns: ClusterDns,
  loopback: string,
) {
  if (pod.spec.dnsConfig !== undefined) {
    annotations.refuse(
      'spec.dnsConfig is set, and DNS redirection to Consul needs one of its own: remove it, or set ' +
        'consul.hashicorp.com/consul-dns to "false"',
    )
  }
  const {nameservers, options} = dns
  const searches = dns.searches.map((search) =>
    search === `${releaseNamespace}.svc.cluster.local` ? flatText(namespace.name, '.svc.cluster.local') : search,
  )
  return {
    dnsPolicy: 'None',
    dnsConfig: {
      nameservers: [loopback, ...nameservers],
      ...(searches.length > 0 && {searches}),
      ...(options.length > 0 && {options}),
    },
  }
}
