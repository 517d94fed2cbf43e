import type {Configuration} from '../../../config/schema.ts'
import type {RuleMesh, Translator} from '../../translation.ts'
import {accessPart} from './access.ts'
import {capabilities} from './capabilities.ts'
import {discoveryPart} from './discovery.ts'
import {orderOfApplication} from './kinds.ts'
import {mutualTLSPart} from './peer-authentication.ts'
import {registrationPart} from './registration.ts'
import {readRuleSettings} from './settings.ts'
import {telemetryPart} from './telemetry.ts'
import {trafficPart} from './traffic.ts'

/** Rules as the objects of Istio 1.31. */
export const istioRuleMesh: RuleMesh = {name: 'istio', kinds: orderOfApplication, capabilities, translator}

function translator(configuration: Configuration): Translator {
  const settings = readRuleSettings(configuration)
  return {
    service: (intent) =>
      [registrationPart(intent), trafficPart(intent, settings), accessPart(intent, settings)].filter(
        (part) => part !== undefined,
      ),
    namespace: (intent) =>
      [discoveryPart(intent), mutualTLSPart(intent, settings), telemetryPart(intent, settings)].filter(
        (part) => part !== undefined,
      ),
    // Whatever Istio holds for the whole mesh would also hold for namespaces that nobody put under this configuration.
    mesh: () => [],
  }
}
