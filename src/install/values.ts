import {z} from 'zod'
import {meshNames} from '../mesh/mesh.ts'
import {isValues, type Values} from '../mesh/values.ts'

const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
const map = (description: string) => z.custom<Values>(isValues).meta({description, type: 'object'})
const strings = (description: string) => z.record(z.string(), z.string()).describe(description)
const switchOf = (is: boolean, description: string) => z.boolean().describe(description).default(is)
const resources = (cpu: string, memory: string, limit: string) =>
  map('Requests and limits. Without a CPU limit it is never slowed down while a pod waits for it.').default({
    requests: {cpu, memory},
    limits: {memory: limit},
  })

const placement = {
  nodeSelector: strings('Labels that a node must have.').default({}),
  tolerations: z.array(map('A toleration.')).describe('Taints of nodes that are no hindrance.').default([]),
  affinity: map('In place of none.').default({}),
  podAnnotations: strings('Further annotations of the pods.').default({}),
  podLabels: strings('Further labels of the pods.').default({}),
  logLevel: z.enum(levels).describe('The least important lines to log.').default('info'),
}

const image = z.strictObject({
  repository: z.string().min(1).describe('Where the image is.').default('meshwright'),
  tag: z.string().describe("Empty: the chart's appVersion.").default(''),
  digest: z
    .string()
    .regex(/^(sha256:[0-9a-f]{64})?$/)
    .describe('`sha256:…`; counts instead of the tag.')
    .default(''),
  pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).describe('As in a pod.').default('IfNotPresent'),
  pullSecrets: z.array(label).describe('Names of Secrets with credentials for the registry.').default([]),
})

const webhook = z.strictObject({
  replicas: z.int().min(1).max(100).describe('Two or more: with none a pod is refused or left bare.').default(2),
  drainSeconds: z
    .int()
    .min(0)
    .max(300)
    .describe('How long a replica goes on answering once it was told to stop, so that the API server notices.')
    .default(10),
  maxInFlight: z
    .int()
    .min(1)
    .max(9_999_999)
    .describe('Reviews that may wait at a time; beyond that, 429.')
    .default(512),
  timeoutSeconds: z.int().min(1).max(30).describe('How long the API server waits for an answer.').default(5),
  reinvocationPolicy: z
    .enum(['Never', 'IfNeeded'])
    .describe("IfNeeded: it is called again where another webhook changed the pod. The meshes' own are not.")
    .default('Never'),
  namespaces: z
    .enum(['all', 'labelled'])
    .describe(
      'all: every namespace but the excluded ones, and the webhook decides. labelled: only those with meshwright.dev/admission: enabled.',
    )
    .default('all'),
  excludedNamespaces: z
    .array(label)
    .describe(
      'Beside kube-system, kube-public, kube-node-lease, its own, and cert-manager where that issues the certificate: never asked about.',
    )
    .default([]),
  spread: z
    .enum(['preferred', 'required'])
    .describe('required: no two replicas on one node; a replica without a node of its own stays pending.')
    .default('preferred'),
  resources: resources('100m', '128Mi', '512Mi'),
  ...placement,
})

const controller = z.strictObject({
  replicas: z.int().min(1).max(100).describe('One of them writes, whichever holds the lease.').default(1),
  resources: resources('50m', '128Mi', '1Gi'),
  ...placement,
})

/** What can be chosen about an installation: the chart's values, and what `meshwright install --values` reads. */
export const valuesSchema = z.strictObject({
  mesh: z
    .enum(['', ...meshNames])
    .describe('The one mesh of the cluster, in place of every mesh.type; the rights of the others are left out.')
    .default(''),
  config: map('The mesh configuration that counts where there is no MeshConfig `default`.').default({}),
  failurePolicy: z
    .enum(['Fail', 'Ignore'])
    .describe('What becomes of a pod that the webhook cannot answer for: it is refused, or runs without a sidecar.')
    .default('Fail'),
  image: image.describe('The image of both.').prefault({}),
  webhook: webhook.describe('What adds the sidecars.').prefault({}),
  controller: controller.describe("What writes the mesh's own objects, and the webhook's certificates.").prefault({}),
  certificates: z
    .strictObject({
      issuer: z
        .enum(['controller', 'cert-manager'])
        .describe("Who makes the webhook's certificates. cert-manager must be there already.")
        .default('controller'),
    })
    .describe('TLS between the API server and the webhook.')
    .prefault({}),
  priorityClassName: z.string().describe('Empty: a class of its own, meshwright.').default(''),
  networkPolicy: z
    .strictObject({
      enabled: switchOf(true, 'Only what they need may be reached, by whom and from where.'),
      apiServerPorts: z
        .array(z.int().min(1).max(65_535))
        .min(1)
        .describe('Where the API server listens; no address can be given for it that holds everywhere.')
        .default([443, 6443, 8443, 16443]),
    })
    .describe('NetworkPolicies.')
    .prefault({}),
  monitoring: z
    .strictObject({
      podMonitor: switchOf(false, 'A PodMonitor for the Prometheus operator.'),
      rules: switchOf(false, "PrometheusRules: the alerts, and the mesh's metrics under neutral names."),
      labels: strings('Further labels of these, by which a Prometheus picks them.').default({}),
      dashboards: switchOf(false, 'ConfigMaps with the dashboards, for the sidecar of a Grafana.'),
      dashboardLabels: strings('Labels by which that sidecar picks them.').default({grafana_dashboard: '1'}),
    })
    .describe('Metrics, alerts and dashboards.')
    .prefault({}),
  crds: z
    .strictObject({
      install: switchOf(true, 'The CustomResourceDefinitions of the rules, upgraded with the rest.'),
      keep: switchOf(true, 'Helm leaves them, and with them every rule, where it uninstalls.'),
    })
    .describe('The kinds of the rules.')
    .prefault({}),
})

/** Everything chosen, or by default. */
export type InstallValues = z.infer<typeof valuesSchema>
