import type {EnvVar, VolumeMount} from '../pod.ts'
import type {Values} from '../values.ts'
import type {Selector} from './selector.ts'

export interface Tracing {
  readonly enabled: boolean
  readonly protocol: string
  readonly traceServiceName: string
  readonly labels: ReadonlyMap<string, string>
  readonly endpoint: string
  readonly serviceAccountName: string
  readonly namespace: string
}

export interface Capabilities {
  readonly add: readonly string[]
  readonly drop: readonly string[]
}

/** What a pod's annotations can change; the names are the chart's. */
export interface ProxySettings {
  readonly imageName: string
  /** Empty means `linkerdVersion`. */
  readonly imageVersion: string
  readonly pullPolicy: string
  readonly debugImageName: string
  readonly debugImageVersion: string
  readonly debugPullPolicy: string
  readonly debug: boolean
  readonly adminPort: number
  readonly controlPort: number
  readonly inboundPort: number
  readonly outboundPort: number
  readonly uid: number
  /** Below zero: none. */
  readonly gid: number
  readonly cpuRequest: string
  readonly cpuLimit: string
  readonly memoryRequest: string
  readonly memoryLimit: string
  readonly storageRequest: string
  readonly storageLimit: string
  /** Zero: none; it hides the four below. */
  readonly cores: bigint
  readonly workersMinimum: bigint
  readonly workersMaximum: bigint
  readonly workersRatio: number
  readonly requireIdentityOnInboundPorts: string
  readonly enableShutdownEndpoint: boolean
  readonly logLevel: string
  readonly logFormat: string
  readonly logHTTPHeaders: string
  readonly defaultInboundPolicy: string
  readonly inboundConnectTimeout: string
  readonly outboundConnectTimeout: string
  readonly inboundDiscoveryCacheUnusedTimeout: string
  readonly outboundDiscoveryCacheUnusedTimeout: string
  readonly disableInboundProtocolDetectTimeout: boolean
  readonly disableOutboundProtocolDetectTimeout: boolean
  readonly enableExternalProfiles: boolean
  readonly hostnameLabels: boolean
  readonly isGateway: boolean
  readonly isIngress: boolean
  readonly opaquePorts: string
  readonly accessLog: string
  readonly shutdownGracePeriod: string
  readonly await: boolean
  readonly nativeSidecar: boolean
  /** Seconds, as text: it may be any 64 bit number. */
  readonly waitBeforeExitSeconds: string
  readonly ignoreInboundPorts: string
  readonly ignoreOutboundPorts: string
  readonly skipSubnets: string
  readonly closeWaitTimeoutSecs: bigint
  readonly additionalEnv: readonly EnvVar[]
}

export interface Probe {
  readonly initialDelaySeconds: number
  readonly timeoutSeconds: number
}

/** The chart's values, typed and checked: what every pod has in common. */
export interface Settings {
  readonly proxy: ProxySettings
  readonly linkerdVersion: string
  readonly imagePullPolicy: string
  readonly clusterDomain: string
  readonly trustDomain: string
  readonly clusterNetworks: string
  readonly cniEnabled: boolean
  readonly disableIPv6: boolean
  readonly tokenProjection: boolean
  /** The trust anchors as the proxy gets them; empty where none is set. */
  readonly trustAnchors: string
  readonly trustRootHash: string
  /** The ports of `proxy.opaquePorts`, split as Linkerd splits them: no trimming, ranges stay text. */
  readonly defaultOpaquePorts: ReadonlySet<string>
  readonly initialTimeout: string
  readonly idleTimeout: string
  readonly lifetime: string
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly startupProbe: {
    readonly failureThreshold: number
    readonly initialDelaySeconds: number
    readonly periodSeconds: number
  }
  /** Parameters of `proxy.inbound` and `proxy.outbound` as environment variables, in order. */
  readonly params: readonly EnvVar[]
  readonly tracing: Tracing
  readonly experimentalEnv: readonly EnvVar[]
  /** Replaces the proxy's security context as a whole where set. */
  readonly securityContext: Values | undefined
  readonly capabilities: Capabilities | undefined
  /** Where the first container mounts no token: the mount of `proxy.saMountPath`. */
  readonly serviceAccountMount: VolumeMount | undefined
  readonly iptablesMode: 'nft' | 'legacy'
  readonly initLogFormat: string
  readonly initLogLevel: string
  readonly initPrivileged: boolean
  readonly initRunAsRoot: boolean
  readonly initRunAsUser: number
  readonly initRunAsGroup: number
  readonly xtMountName: string
  readonly xtMountPath: string
  readonly validatorLogFormat: string
  readonly validatorLogLevel: string
  readonly validatorConnectAddr: string
  readonly validatorListenAddr: string
  readonly validatorTimeout: string
  readonly validatorSecurityContext: Values | undefined
  readonly namespaceSelector: Selector
  readonly objectSelector: Selector
}
