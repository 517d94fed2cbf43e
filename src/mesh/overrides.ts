/**
 * The closed list of per-pod settings, `meshwright.dev/<setting>` annotations, read and checked by
 * `src/admission/overrides.ts`. Absent means that the pod did not write it.
 */
export interface PodOverrides {
  /** Kubernetes quantities, checked, in the pod's own spelling. */
  readonly proxyCpuRequest?: string
  readonly proxyCpuLimit?: string
  readonly proxyMemoryRequest?: string
  readonly proxyMemoryLimit?: string
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'critical' | 'off'
  readonly accessLog?: boolean
  /** Ports, ascending as written, each 1 to 65535. */
  readonly excludeInboundPorts?: readonly number[]
  readonly excludeOutboundPorts?: readonly number[]
  /** CIDRs as written, each checked. */
  readonly excludeOutboundCidrs?: readonly string[]
  /** 0 to 1. */
  readonly samplingRate?: number
  /** Worker threads of the proxy; 0 means one for each core. */
  readonly concurrency?: number
  readonly holdUntilReady?: boolean
  readonly nativeSidecar?: boolean
}
