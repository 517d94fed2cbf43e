import {z} from 'zod'

const quantity = z
  .union([z.string(), z.number()])
  .transform(String)
  .describe('A Kubernetes quantity, such as 500m or 256Mi')
const duration = z.string().regex(/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/, 'a duration such as 500ms, 10s or 1m30s')
const rate = z.number().min(0).max(1)
const oneOrMany = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item)]).transform((value) => (Array.isArray(value) ? value : [value]))
/** Written in another project's words and handed on: Helm values, Istio's mesh config and rules. */
const foreign = z.record(z.string(), z.unknown())

const resourceMap = z.strictObject({cpu: quantity.optional(), memory: quantity.optional()})
const bound = z.strictObject({min: quantity.optional(), max: quantity.optional()})

const tracing = z.strictObject({
  enabled: z.boolean().optional(),
  sampleRate: rate.optional(),
  endpoint: z.string().optional(),
})

export const metricNames = ['request_count', 'request_duration', 'request_size', 'response_size'] as const

const telemetry = z.strictObject({
  enabled: z.boolean().optional(),
  samplingRate: rate.optional(),
  metrics: z.array(z.enum(metricNames)).optional(),
  tracing: tracing.optional(),
})

const clusterDNS = z.strictObject({
  nameservers: z.array(z.string()).optional(),
  searches: z.array(z.string()).optional(),
  options: z.array(z.string()).optional(),
})

const mesh = z.strictObject({
  type: z.enum(['istio', 'linkerd', 'consul']).optional(),
  autoInject: z.boolean().optional(),
  sidecarImage: z.string().min(1).optional(),
  injectionNamespace: oneOrMany(z.string().min(1)).optional(),
  controlPlane: z
    .strictObject({address: z.string().min(1).optional(), port: z.number().int().min(1).max(65535).optional()})
    .optional(),
  telemetry: telemetry.optional(),
  tracing: tracing.optional(),
  serviceDiscovery: z
    .strictObject({enabled: z.boolean().optional(), healthCheckInterval: duration.optional()})
    .optional(),
  sidecar: z
    .strictObject({
      resources: z.strictObject({limits: resourceMap.optional(), requests: resourceMap.optional()}).optional(),
      proxy: z
        .strictObject({
          config: z
            .strictObject({
              accessLogFile: z.string().optional(),
              statNameLength: z.number().int().min(1).optional(),
              enableProfiling: z.boolean().optional(),
            })
            .optional(),
        })
        .optional(),
    })
    .optional(),
  trafficManagement: z
    .strictObject({
      enableBypass: z.boolean().optional(),
      destinationRules: z.array(foreign).optional(),
      virtualServices: z.array(foreign).optional(),
    })
    .optional(),
  security: z.strictObject({mutualTLS: z.boolean().optional()}).optional(),
  enforced: z.boolean().optional(),
  strict: z.boolean().optional(),
  failurePolicy: z.enum(['Fail', 'Ignore']).optional(),
  allowedImages: z.array(z.string().min(1)).optional(),
  bounds: z.strictObject({cpu: bound.optional(), memory: bound.optional()}).optional(),
  istio: z.strictObject({values: foreign.optional(), meshConfig: foreign.optional()}).optional(),
  linkerd: z.strictObject({values: foreign.optional()}).optional(),
  consul: z.strictObject({values: foreign.optional(), clusterDNS: clusterDNS.optional()}).optional(),
})

const meshSecurity = z.strictObject({
  mutualTLS: z.boolean().optional(),
  authorizationPolicy: oneOrMany(
    z.strictObject({source: z.string().min(1), destination: z.string().min(1), action: z.enum(['ALLOW', 'DENY'])}),
  ).optional(),
})

/**
 * A whole mesh configuration in its canonical spelling: environments and templates are resolved, and of keys that mean
 * the same only one is left (`mesh.telemetry.samplingRate`, `mesh.tracing.enabled`, `mesh.tracing.endpoint`,
 * `mesh.security.mutualTLS`). An absent key means that the user did not write it.
 */
export const configurationSchema = z.strictObject({mesh: mesh.default({}), meshSecurity: meshSecurity.optional()})

export type Configuration = z.output<typeof configurationSchema>
export type MeshSection = Configuration['mesh']
