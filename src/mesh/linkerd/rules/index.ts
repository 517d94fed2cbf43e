import type {Part, RuleMesh, Translator} from '../../translation.ts'
import {accessPart, plaintextPart} from './access.ts'
import {linkerdCapabilities} from './capabilities.ts'
import {installedPolicy} from './installed-policy.ts'
import {linkerdKinds} from './kinds.ts'
import {registrationPart} from './registration.ts'
import {telemetryPart} from './telemetry.ts'
import {trafficPart} from './traffic.ts'

/** Rules as Linkerd 2.20 takes them: Gateway API routes, policy.linkerd.io, annotations on Services. */
export const linkerdRuleMesh: RuleMesh = {
  name: 'linkerd',
  kinds: linkerdKinds,
  capabilities: linkerdCapabilities,
  translator(configuration): Translator {
    const installed = installedPolicy(configuration)
    return {
      service: (intent) =>
        present([
          registrationPart(intent, installed),
          trafficPart(intent, installed),
          plaintextPart(intent),
          accessPart(intent, installed),
        ]),
      namespace: (intent) => present([telemetryPart(intent)]),
      // Nothing of Linkerd's is cluster-wide.
      mesh: () => [],
    }
  },
}

function present(parts: readonly (Part | undefined)[]): readonly Part[] {
  return parts.filter((part) => part !== undefined)
}
