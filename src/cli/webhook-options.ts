import type {MeshName} from '../mesh/mesh.ts'
import type {LogLevel} from '../obs/log.ts'

/** What the command line says of the webhook. */
export interface WebhookOptions {
  readonly config: readonly string[]
  readonly objects?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly certDir?: string
  readonly host: string
  readonly port: number
  readonly metricsPort?: number
  /** Milliseconds. */
  readonly drain: number
  readonly env?: string
  readonly mesh?: MeshName
  readonly logLevel: LogLevel
  readonly maxInFlight: number
}
