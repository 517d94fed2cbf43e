import {z} from 'zod'
import {meshNames} from '../mesh/mesh.ts'
import {duration, flag, foreign, listOf, meaning, oneOrMany, quantity, rate, section, text} from './value.ts'

const namespace = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
  .meta(meaning('the name of a namespace', 'A namespace.'))

const resources = (kind: string) =>
  section(
    {
      cpu: quantity(`The sidecar's CPU ${kind}.`).optional(),
      memory: quantity(`The sidecar's memory ${kind}.`).optional(),
    },
    `The sidecar's resource ${kind}s, merged key by key over the mesh's defaults.`,
  )
const bound = (resource: string) =>
  section(
    {
      min: quantity(`The least ${resource} that a sidecar may request or be limited to.`).optional(),
      max: quantity(`The most ${resource} that a sidecar may request or be limited to.`).optional(),
    },
    `What a pod's own annotations may set for the sidecar's ${resource}.`,
  )

export const metricNames = ['request_count', 'request_duration', 'request_size', 'response_size'] as const

const telemetry = section(
  {
    enabled: flag("Whether the sidecar's metrics are collected.").optional(),
    samplingRate: rate('The share of requests that are traced.').optional(),
    metrics: listOf(
      z.enum(metricNames).meta(meaning(`one of ${metricNames.join(', ')}`, 'A metric.')),
      `a list of ${metricNames.join(', ')}`,
      'The metrics to keep; absent: all that the mesh has.',
    ).optional(),
  },
  'Metrics and the sampling of traces.',
)
const tracing = section(
  {
    enabled: flag('Whether the sidecar sends traces.').optional(),
    endpoint: text(
      'the address of a trace collector, such as otel-collector.observability:4317',
      'Where the sidecar sends traces: host:port of a collector.',
    ).optional(),
  },
  'Where traces go.',
)
const writtenTracing = tracing
  .extend({sampleRate: rate('Another spelling of mesh.telemetry.samplingRate.').optional()})
  .meta(meaning('a map', 'Where traces go.'))
const writtenTelemetry = telemetry
  .extend({tracing: writtenTracing.describe('Another spelling of mesh.tracing.').optional()})
  .meta(meaning('a map', 'Metrics and the sampling of traces.'))

const subset = z.looseObject({
  name: text('a name', 'What routes call the subset.'),
  labels: foreign("The labels of the subset's pods.").optional(),
})
const destinationRule = z
  .looseObject({
    host: text('the host of a service', 'The service that the rule is about.'),
    subsets: z
      .array(subset.meta(meaning('a map with a name', 'A subset.')))
      .meta(meaning('a list of subsets', 'Versions of the service.'))
      .optional(),
  })
  .meta(meaning('a map with a host', "One rule, in the words of Istio's DestinationRule."))
const virtualService = z
  .looseObject({
    hosts: z
      .array(text('the host of a service', 'A host.'))
      .min(1)
      .meta(meaning('a list of hosts', 'The services whose traffic is routed.')),
    http: z
      .array(foreign('One route.'))
      .meta(meaning('a list of routes', 'Routes for HTTP traffic; the first match wins.'))
      .optional(),
  })
  .meta(meaning('a map with hosts', "One rule, in the words of Istio's VirtualService."))

const mesh = section(
  {
    type: z
      .enum(meshNames)
      .meta({...meaning('istio, linkerd or consul', 'The mesh whose sidecar is injected.'), default: 'istio'})
      .optional(),
    autoInject: flag(
      "true: inject pods that nobody labelled in mesh.injectionNamespace; false: only who opts in; absent: the mesh's own policy decides.",
    ).optional(),
    sidecarImage: text(
      'an image reference',
      "The proxy's image; a plain Envoy makes a bare Envoy sidecar on Istio.",
    ).optional(),
    injectionNamespace: oneOrMany(
      namespace,
      'the name of a namespace or a list of them',
      'Where autoInject: true injects; absent: every namespace but the ones that never are.',
    ).optional(),
    controlPlane: section(
      {
        address: z
          .string()
          .regex(/^([^\s/:]+|\[[0-9a-fA-F:.]+\]|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*)$/)
          .meta(
            meaning(
              'a host name or an IP address, without scheme and port',
              "The control plane's host name or IP address.",
            ),
          )
          .optional(),
        port: z
          .number()
          .int()
          .min(1)
          .max(65535)
          .meta(meaning('a port from 1 to 65535', "The control plane's port."))
          .optional(),
      },
      'Where the sidecar finds its control plane.',
    ).optional(),
    telemetry: telemetry.optional(),
    tracing: tracing.optional(),
    serviceDiscovery: section(
      {
        enabled: flag('Whether services are registered with the mesh.').optional(),
        healthCheckInterval: duration('The time between two health checks of a service.').optional(),
      },
      'How services become known to the mesh.',
    ).optional(),
    sidecar: section(
      {
        resources: section(
          {limits: resources('limit').optional(), requests: resources('request').optional()},
          "The sidecar container's resources.",
        ).optional(),
        proxy: section(
          {
            config: section(
              {
                accessLogFile: text(
                  'the path of a file, such as /dev/stdout',
                  'Where the proxy writes its access log.',
                ).optional(),
                statNameLength: z
                  .number()
                  .int()
                  .min(1)
                  .meta(meaning('a whole number from 1', "The longest name of a proxy's metric, in bytes."))
                  .optional(),
                enableProfiling: flag("Whether the proxy's admin interface offers profiling.").optional(),
              },
              "The proxy's own settings.",
            ).optional(),
          },
          'The proxy in the sidecar container.',
        ).optional(),
      },
      'The sidecar container.',
    ).optional(),
    trafficManagement: section(
      {
        enableBypass: flag(
          'true: the SDK applies the rules in process, and the controller writes no traffic objects.',
        ).optional(),
        destinationRules: listOf(
          destinationRule,
          'a list of destination rules',
          "Versions of services, in the words of Istio's DestinationRule.",
        ).optional(),
        virtualServices: listOf(
          virtualService,
          'a list of virtual services',
          "Routes, in the words of Istio's VirtualService.",
        ).optional(),
      },
      'Rules for traffic between services.',
    ).optional(),
    security: section(
      {mutualTLS: flag('Whether workloads accept only mutual TLS.').optional()},
      'Identity and encryption.',
    ).optional(),
    enforced: flag('true: opt-outs and ways around the sidecar are not heeded.').optional(),
    strict: flag('true: every finding and every approximation refuses the configuration.').optional(),
    failurePolicy: z
      .enum(['Fail', 'Ignore'])
      .meta(
        meaning(
          'Fail or Ignore',
          'What a pod meets when the webhook fails inside: refused, or let through without a sidecar; under enforced always refused.',
        ),
      )
      .optional(),
    allowedImages: listOf(
      text('an image', 'An image.'),
      'a list of images',
      'The images that a sidecar may have: a whole reference, a repository with any tag or digest, or a prefix that ends in *; absent: any.',
    ).optional(),
    bounds: section(
      {cpu: bound('CPU').optional(), memory: bound('memory').optional()},
      "Bounds on the sidecar's resources; absent: none.",
    ).optional(),
    istio: section(
      {
        values: foreign("Values of Istio's own Helm charts (istiod and base), laid over their defaults.").optional(),
        meshConfig: foreign("Istio's mesh config, laid over the chart's.").optional(),
      },
      'What Istio was installed with.',
    ).optional(),
    linkerd: section(
      {values: foreign("Values of Linkerd's own linkerd-control-plane chart, laid over its defaults.").optional()},
      'What Linkerd was installed with.',
    ).optional(),
    consul: section(
      {
        values: foreign("Values of Consul's own Helm chart, laid over its defaults.").optional(),
        clusterDNS: section(
          {
            nameservers: listOf(
              text('an IP address', 'An IP address.'),
              'a list of IP addresses',
              "The cluster's name servers.",
            ).optional(),
            searches: listOf(
              text('a domain', 'A domain.'),
              'a list of domains',
              'The search domains; the namespace of a pod goes before them.',
            ).optional(),
            options: listOf(
              text('an option', 'An option.'),
              'a list of resolver options, such as ndots:5',
              "The resolver's options.",
            ).optional(),
          },
          "The cluster's DNS, for pods whose DNS Consul redirects; absent in a cluster: the webhook's own resolv.conf.",
        ).optional(),
      },
      'What Consul was installed with.',
    ).optional(),
  },
  'The mesh and its sidecar.',
)
const writtenMesh = mesh
  .extend({telemetry: writtenTelemetry.optional(), tracing: writtenTracing.optional()})
  .meta(meaning('a map', 'The mesh and its sidecar.'))

const authorizationPolicy = z
  .strictObject({
    source: text('the name of a service', 'The service that calls.'),
    destination: text('the name of a service', 'The service that is called.'),
    action: z.enum(['ALLOW', 'DENY']).meta(meaning('ALLOW or DENY', 'What happens to the call.')),
  })
  .meta(meaning('a map with source, destination and action', 'Who may call whom.'))
const meshSecurity = section(
  {
    authorizationPolicy: oneOrMany(
      authorizationPolicy,
      'one policy or a list of them',
      'Who may call whom: one policy or a list.',
    ).optional(),
  },
  'Who may call whom.',
)
const writtenSecurity = meshSecurity
  .extend({mutualTLS: flag('Another spelling of mesh.security.mutualTLS.').optional()})
  .meta(meaning('a map', 'Mutual TLS and who may call whom.'))

/**
 * A whole mesh configuration in its canonical spelling: environments and templates are resolved, and of keys that mean
 * the same only one is left (`mesh.telemetry.samplingRate`, `mesh.tracing.enabled`, `mesh.tracing.endpoint`,
 * `mesh.security.mutualTLS`). An absent key means that nobody wrote it.
 */
export const configurationSchema = z.strictObject({mesh: mesh.default({}), meshSecurity: meshSecurity.optional()})

export type Configuration = z.output<typeof configurationSchema>
export type MeshSection = Configuration['mesh']

const sections = {mesh: writtenMesh.optional(), meshSecurity: writtenSecurity.optional()}
const names = (description: string) => oneOrMany(text('a name', 'A name.'), 'a name or a list of names', description)

/** A named patch: `templates.NAME`. */
export const templateSchema = section(sections, 'A patch that an environment or the base applies by name.')

/** A named patch that may stand on others: `environments.NAME`. */
export const environmentSchema = section(
  {
    extends: text('the name of an environment', 'The environment that this one patches further.').optional(),
    use: names('Templates to apply, in this order, below the extends chain.').optional(),
    ...sections,
  },
  'A JSON Merge Patch (RFC 7386) over the base: maps merge, lists replace, null deletes.',
)

/** A configuration file as users write it: every spelling, every environment, every template. */
export const fileSchema = section(
  {
    ...sections,
    use: names('Templates to apply over the base, in this order.').optional(),
    environments: z
      .record(z.string(), environmentSchema)
      .meta(meaning('a map of environments', 'Patches over the base, chosen by name.'))
      .optional(),
    templates: z
      .record(z.string(), templateSchema)
      .meta(meaning('a map of templates', 'Patches that environments apply by name.'))
      .optional(),
  },
  'A Meshwright configuration.',
)

/** Keys of `mesh` that are the administrator's: no environment and no template may set them. */
export const baseOnlyKeys = ['enforced', 'strict', 'allowedImages', 'bounds', 'failurePolicy'] as const
