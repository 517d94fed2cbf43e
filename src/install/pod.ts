import type {Values} from '../mesh/values.ts'
import {labelsOf, names, selectorOf, type Component} from './names.ts'
import type {InstallValues} from './values.ts'

/** What one component's pod adds to what both have in common. */
export interface Parts {
  readonly component: Component
  readonly args: readonly string[]
  readonly env?: readonly Values[]
  readonly ports: readonly Values[]
  readonly probes: Values
  readonly mounts: readonly Values[]
  readonly volumes: readonly Values[]
  readonly spread: 'preferred' | 'required'
  /** Seconds from the first signal to the last. */
  readonly grace: number
}

/** Where the files of the configuration and of the certificate are in a container. */
export const mounts = {configuration: '/etc/meshwright/config', certificate: '/etc/meshwright/tls'} as const
/** The one file of the configuration. */
export const configurationFile = 'mesh.yaml'

/** A Deployment's pod template: nobody's root, nothing writable, no capability. */
export function podTemplate(values: InstallValues, version: string, parts: Parts): Values {
  const {component} = parts
  const {replicas, nodeSelector, tolerations, affinity, podAnnotations, podLabels, resources} = values[component]
  const {pullSecrets} = values.image
  const selector = {matchLabels: selectorOf(component)}
  return {
    metadata: {
      labels: {...podLabels, ...labelsOf(component)},
      ...(Object.keys(podAnnotations).length === 0 ? {} : {annotations: podAnnotations}),
    },
    spec: {
      serviceAccountName: names[component],
      priorityClassName: values.priorityClassName === '' ? names.priorityClass : values.priorityClassName,
      terminationGracePeriodSeconds: parts.grace,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: {type: 'RuntimeDefault'},
      },
      ...(pullSecrets.length === 0 ? {} : {imagePullSecrets: pullSecrets.map((name) => ({name}))}),
      containers: [
        {
          name: component,
          image: imageOf(values, version),
          imagePullPolicy: values.image.pullPolicy,
          args: parts.args,
          ...(parts.env !== undefined && {env: parts.env}),
          ports: parts.ports,
          ...parts.probes,
          resources,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: {drop: ['ALL']},
          },
          volumeMounts: [{name: 'configuration', mountPath: mounts.configuration, readOnly: true}, ...parts.mounts],
        },
      ],
      volumes: [{name: 'configuration', configMap: {name: names.configuration}}, ...parts.volumes],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          // Without the least number of nodes one node alone would be spread enough.
          ...(parts.spread === 'required'
            ? {whenUnsatisfiable: 'DoNotSchedule', minDomains: replicas}
            : {whenUnsatisfiable: 'ScheduleAnyway'}),
          labelSelector: selector,
          // A rollout must not be judged by the pods that it is about to replace.
          matchLabelKeys: ['pod-template-hash'],
        },
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: selector,
          matchLabelKeys: ['pod-template-hash'],
        },
      ],
      ...(Object.keys(nodeSelector).length === 0 ? {} : {nodeSelector}),
      ...(tolerations.length === 0 ? {} : {tolerations}),
      ...(Object.keys(affinity).length === 0 ? {} : {affinity}),
    },
  }
}

function imageOf({image: {repository, tag, digest}}: InstallValues, version: string): string {
  if (digest !== '') return `${repository}@${digest}`
  return `${repository}:${tag === '' ? version : tag}`
}
