import type {NamespaceIntent} from '../../../intent/intent.ts'
import type {Part} from '../../translation.ts'
import {partOf} from '../../part.ts'
import {Findings} from './findings.ts'

/** `mesh.serviceDiscovery`: Istio's registry is Kubernetes' own, so there is nothing to switch or to time. */
export function discoveryPart({settings, originOf}: NamespaceIntent): Part | undefined {
  const {enabled, healthCheckInterval} = settings.serviceDiscovery ?? {}
  const findings = new Findings()
  if (enabled === false) {
    const message = 'Istio knows every Service of the cluster, whatever is said here'
    findings.ignored('MW6130', 'registration', originOf('mesh.serviceDiscovery.enabled'), message)
  }
  if (healthCheckInterval !== undefined) {
    const message = "the kubelet checks pods, at the periodSeconds of their containers' readinessProbe"
    findings.ignored('MW6128', 'health-check', originOf('mesh.serviceDiscovery.healthCheckInterval'), message)
  }
  const origins = findings.all.map(({origin}) => origin)
  return origins.length === 0 ? undefined : partOf('discovery', origins, findings)
}
