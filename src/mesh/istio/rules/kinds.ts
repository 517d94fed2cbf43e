import type {KubeObject} from '../../pod.ts'
import type {ResourceKind} from '../../resource.ts'
import type {Values} from '../../values.ts'

const kindOf = <K extends string>(group: string, kind: K, plural: string) =>
  ({apiVersion: `${group}/v1`, kind, plural, namespaced: true}) as const satisfies ResourceKind

/** What Istio 1.31 serves as v1. */
export const kinds = {
  destinationRule: kindOf('networking.istio.io', 'DestinationRule', 'destinationrules'),
  virtualService: kindOf('networking.istio.io', 'VirtualService', 'virtualservices'),
  peerAuthentication: kindOf('security.istio.io', 'PeerAuthentication', 'peerauthentications'),
  authorizationPolicy: kindOf('security.istio.io', 'AuthorizationPolicy', 'authorizationpolicies'),
  telemetry: kindOf('telemetry.istio.io', 'Telemetry', 'telemetries'),
} as const

/** Subsets before the routes that name them; what clients do before what servers ask of them. */
export const orderOfApplication: readonly ResourceKind[] = [
  kinds.destinationRule,
  kinds.virtualService,
  kinds.peerAuthentication,
  kinds.authorizationPolicy,
  kinds.telemetry,
]

export function objectOf({apiVersion, kind}: ResourceKind, namespace: string, name: string, spec: Values): KubeObject {
  return {apiVersion, kind, metadata: {name, namespace}, spec}
}
