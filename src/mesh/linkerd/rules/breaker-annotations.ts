import type {Breaker, ServiceName} from '../../../intent/intent.ts'
import type {Desired} from '../../translation.ts'
import {linkerdDuration} from './duration.ts'
import {serviceKind} from './kinds.ts'

const prefix = 'balancer.linkerd.io/failure-accrual'

/**
 * The Service's annotations that eject an endpoint (policy-controller/k8s/index/src/outbound/index.rs,
 * parse_accrual_config): the first ejection is the least penalty, the longest one the most, doubling in between. They
 * hold for every backend of the Service's routes. No jitter, so that the first ejection is what was asked.
 */
export function breakerService({namespace, name}: ServiceName, {threshold, timeout, recovery}: Breaker): Desired {
  const annotations = {
    [prefix]: 'consecutive',
    [`${prefix}-consecutive-max-failures`]: String(threshold),
    [`${prefix}-consecutive-min-penalty`]: linkerdDuration(timeout),
    // A longest ejection below the first one would drop the breaker with a log line only.
    [`${prefix}-consecutive-max-penalty`]: linkerdDuration(Math.max(timeout, recovery)),
    [`${prefix}-consecutive-jitter-ratio`]: '0',
  }
  const {apiVersion, kind} = serviceKind
  return {object: {apiVersion, kind, metadata: {name, namespace, annotations}}, mode: 'contribute'}
}
