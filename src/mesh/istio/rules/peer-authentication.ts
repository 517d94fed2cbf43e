import type {NamespaceIntent} from '../../../intent/intent.ts'
import type {Part} from '../../translation.ts'
import {owned, partOf} from '../../part.ts'
import {Findings} from './findings.ts'
import {kinds, objectOf} from './kinds.ts'
import type {RuleSettings} from './settings.ts'

/**
 * What the sidecars of a namespace accept. One PeerAuthentication named `default`, as is the custom: of several without
 * a selector Istio heeds the oldest, and a name that is taken is told.
 */
export function mutualTLSPart({namespace, originOf}: NamespaceIntent, settings: RuleSettings): Part | undefined {
  const {mutualTLS, plainEnvoy} = settings
  const findings = new Findings()
  const authentication = (mode: 'STRICT' | 'DISABLE') =>
    objectOf(kinds.peerAuthentication, namespace, 'default', {mtls: {mode}})
  if (mutualTLS === undefined) {
    if (!plainEnvoy) return undefined
    const origin = originOf('mesh.sidecarImage')
    const message = 'its sidecars have no certificates, so plain connections are all that they accept'
    findings.approximated('MW6123', 'plaintext', origin, message)
    return partOf('mutual-tls', [origin], findings, owned(authentication('DISABLE')))
  }
  const origins = [originOf('mesh.security.mutualTLS')]
  // Clients follow by themselves: istiod tells them what each workload accepts; where it does not, DestinationRules do.
  const mode = mutualTLS ? 'STRICT' : 'DISABLE'
  return partOf('mutual-tls', origins, findings, owned(authentication(mode)))
}
