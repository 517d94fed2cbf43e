import type {ServiceName} from './intent.ts'

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

/**
 * The Kubernetes service that a host names: `orders` in the namespace given, `orders.shop`, `orders.shop.svc` and
 * `orders.shop.svc.cluster.local`. Undefined for a host outside the cluster, and for a wildcard.
 */
export function serviceOfHost(host: string, home: string): ServiceName | undefined {
  const [name = '', namespace = home, svc = 'svc'] = host.replace(/\.$/, '').split('.')
  return label.test(name) && label.test(namespace) && svc === 'svc' ? {namespace, name} : undefined
}
