import type {KubeObject} from '../../mesh/pod.ts'
import type {Endpoints} from './endpoints.ts'

/** The processes of this machine as a cluster would have them, so that rules are held against what really runs. */
export function objectsOf(endpoints: Endpoints, home: string): readonly KubeObject[] {
  return endpoints.services.flatMap((key) => {
    const [name = '', namespace = home] = key.split('.')
    const labels = {app: name}
    const pods = endpoints.of({name, namespace}).map((endpoint, index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {name: `${name}-${index}`, namespace, labels: {...endpoint.labels, ...labels}},
      // By its account a caller is known: each service has its own.
      spec: {serviceAccountName: name, containers: []},
    }))
    return [{apiVersion: 'v1', kind: 'Service', metadata: {name, namespace}, spec: {selector: labels}}, ...pods]
  })
}
