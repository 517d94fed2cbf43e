import type {MeshSection} from '../config/schema.ts'
import type {StringMap} from '../mesh/pod.ts'
import type {Values} from '../mesh/values.ts'
import type {Origin} from './origin.ts'

/**
 * What is wanted of one service, from every source (MeshService, TrafficPolicy, AccessPolicies, the configuration),
 * checked and in one form. A mesh translates it without asking anybody: whatever it needs to know of the cluster stands
 * in here. Durations are whole milliseconds.
 */
export interface ServiceIntent {
  readonly service: ServiceName
  /** Absent where nobody knows the cluster (`render` of rules alone): a translation refuses what it cannot say without. */
  readonly facts?: ServiceFacts
  readonly protocol: Protocol
  /** Set where routes of another service send requests here: a mesh may need to be told what both speak. */
  readonly routed?: true
  readonly registration?: Registration
  readonly traffic?: Traffic
  readonly access?: Access
  /** Breakers of services that this one calls and whose rule may reach it; only Consul keeps them with the caller. */
  readonly calls: readonly Call[]
  /** Set where `mesh.security.mutualTLS` was written. */
  readonly mutualTLS?: {readonly value: boolean; readonly origin: Origin}
}

export interface ServiceName {
  readonly namespace: string
  readonly name: string
}

/** http where nobody says otherwise: a route needs it. A Kubernetes Service port's appProtocol or name counts as saying. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'tcp'

/** The Kubernetes Service and its pods, as far as translations need them. */
export interface ServiceFacts {
  readonly uid?: string
  readonly selector: StringMap
  readonly headless: boolean
  readonly annotations: StringMap
  readonly ports: readonly ServicePort[]
  /** Pods that the selector picks, alike ones once. */
  readonly pods: readonly PodFacts[]
  /** Names of Services in the namespace that a translation's own generated Services must not take, with their owners. */
  readonly neighbours: readonly Neighbour[]
  /** A Linkerd ServiceProfile of the service that has routes or dstOverrides: its proxies then heed no route and no annotation. */
  readonly serviceProfile?: string
  /** Other governed namespaces that have a Service of this name: Consul's names are cluster-wide. */
  readonly namesakes?: readonly string[]
  /** `spec.trafficDistribution`: somebody wants near endpoints preferred. */
  readonly trafficDistribution?: string
}

export interface ServicePort {
  readonly name?: string
  readonly port: number
  readonly targetPort: number | string
  readonly protocol: string
  readonly appProtocol?: string
}

export interface PodFacts {
  readonly labels: StringMap
  /** Only annotations of a mesh's own prefixes. */
  readonly annotations: StringMap
  readonly serviceAccount: string
  /** TCP ports of all containers, for a `targetPort` that is a name. */
  readonly ports: readonly {readonly name?: string; readonly port: number}[]
  /** Liveness, readiness and startup probes over HTTP; absent where nobody looked. */
  readonly probes?: readonly {readonly path: string; readonly port: number | string}[]
}

/** Another Service of the namespace; `managedFor` where Meshwright made it for the service named. */
export interface Neighbour {
  readonly name: string
  readonly managedFor?: string
  /** Absent where nobody looked. */
  readonly selector?: StringMap
  readonly ports?: readonly ServicePort[]
  /** What rules of its own ask of its pods' ports: access rules, or only mutual TLS. */
  readonly guarded?: 'access' | 'mutual-tls'
}

/** What a service says of itself (MeshService). */
export interface Registration {
  readonly origin: Origin
  readonly port: number
  readonly versions: readonly string[]
  readonly tags: readonly string[]
  readonly metadata: StringMap
  readonly healthCheck?: {
    readonly path?: string
    readonly interval?: number
    readonly timeout?: number
    readonly origin: Origin
  }
}

export interface Traffic {
  readonly origin: Origin
  readonly subsets: readonly Subset[]
  /** First match wins; the last one, without matches, is what all other requests get. Empty: no routing was asked for. */
  readonly routes: readonly Route[]
  readonly breaker?: Breaker
  /** Services that may be told of the breaker: those that allow rules name, here or in a namespace that grants it. */
  readonly callers: readonly Caller[]
  /** Where the rule was written in Istio's own words: the specs as they stand, for Istio. */
  readonly istio?: {readonly destinationRule?: Values; readonly virtualService?: Values}
  /** Fields of these that no neutral field stands for: exact on Istio, a finding elsewhere. */
  readonly beyond: readonly {readonly field: string; readonly origin: Origin}[]
}

export interface Subset {
  /** As written (`v1.1.0`); each mesh makes its own legal name of it, one way and back. */
  readonly name: string
  /** Pod labels; never empty. */
  readonly labels: StringMap
  readonly origin: Origin
}

export interface Route {
  /** Any of them; empty: every request. */
  readonly matches: readonly Match[]
  readonly backends: readonly Backend[]
  /** The whole call with all tries. */
  readonly timeout?: number
  readonly retries?: Retries
  readonly feature: 'split' | 'canary'
  readonly origin: Origin
}

/** All of it must hold. */
export interface Match {
  /** `prefix` is of whole elements (`/api` is not for `/apiary`), `text-prefix` of characters, as Istio's own word is. */
  readonly path?: {readonly kind: 'prefix' | 'text-prefix' | 'exact' | 'regex'; readonly value: string}
  readonly method?: string
  readonly headers: readonly {
    readonly name: string
    readonly kind: 'exact' | 'prefix' | 'regex' | 'present'
    readonly value: string
  }[]
  readonly origin: Origin
}

export interface Backend {
  readonly service: ServiceName
  /** Name of a subset of `service`, as written; absent: all of its pods. */
  readonly subset?: string
  readonly port?: number
  /** Whole, 0 to 100; the backends of a route sum to 100. */
  readonly weight: number
  readonly origin: Origin
}

export interface Retries {
  /** After the first try; 0: none, said explicitly. */
  readonly attempts: number
  readonly perTryTimeout?: number
  /** Never empty where `attempts` is above 0: the neutral default is written out by whoever builds the intent. */
  readonly on: readonly RetryCondition[]
  readonly origin: Origin
}

export const retryConditions = [
  '5xx',
  'gateway-error',
  'reset',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
] as const
export type RetryCondition = (typeof retryConditions)[number]

export interface Breaker {
  /** Consecutive failures of one endpoint. */
  readonly threshold: number
  /** The first ejection. */
  readonly timeout: number
  /** The longest ejection; at least `timeout`. */
  readonly recovery: number
  readonly origin: Origin
}

export interface Caller {
  readonly service: ServiceName
  /** False: in another namespace without a ReferenceGrant, so that the rule may not touch what belongs to it. */
  readonly reachable: boolean
}

export interface Call {
  readonly destination: ServiceName
  readonly breaker: Breaker
}

/** Every rule on one destination; together they make one answer. */
export interface Access {
  /** In an order that does not depend on when they were written. */
  readonly rules: readonly AccessRule[]
}

export interface AccessRule {
  readonly action: 'ALLOW' | 'DENY'
  /** Any of them; empty: everybody. */
  readonly from: readonly Peer[]
  /** Empty: all. */
  readonly methods: readonly string[]
  /** Empty: all; `*` only at the end (a prefix). */
  readonly paths: readonly string[]
  readonly origin: Origin
}

export type Peer =
  | {
      readonly kind: 'service'
      readonly service: ServiceName
      /** ServiceAccounts of the service's pods; absent where nobody knows the cluster. */
      readonly accounts?: readonly Account[]
      readonly origin: Origin
    }
  | {readonly kind: 'namespace'; readonly namespace: string; readonly origin: Origin}

export interface Account {
  readonly namespace: string
  readonly name: string
  /** Other services whose pods run under it: a mesh that knows accounts only cannot tell them apart. */
  readonly sharedWith: readonly ServiceName[]
}

/** What is wanted of all workloads of one namespace that a configuration governs. */
export interface NamespaceIntent {
  readonly namespace: string
  readonly settings: MeshSection
  /** What governs by default, where that is another configuration or environment: a mesh may have settings for all alike only. */
  readonly byDefault?: MeshSection
  /** Where `path` (such as `mesh.telemetry.samplingRate`) was written. */
  readonly originOf: (path: string) => Origin
}

/** What is wanted of the mesh as a whole, by the configuration that governs by default. */
export interface MeshIntent {
  readonly settings: MeshSection
  readonly originOf: (path: string) => Origin
  /** Where the configuration of some namespace switches mutual TLS off; absent: none does, or only `settings`. */
  readonly plaintext?: Origin
}
