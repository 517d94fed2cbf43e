/**
 * Kubernetes objects as raw JSON: only the fields that an injector reads are typed, everything else rides along untouched.
 * A value becomes one of these types through `checkPod` or `checkService` in `src/admission/shape.ts`, never by assertion.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | {readonly [key: string]: Json}

/** Keys that we do not read are kept as they are. */
interface Raw {
  readonly [key: string]: unknown
}

export interface OwnerReference extends Raw {
  readonly apiVersion?: string
  readonly kind?: string
  readonly name?: string
  readonly uid?: string
  readonly controller?: boolean
}

export type StringMap = Readonly<Record<string, string>>

export interface ObjectMeta extends Raw {
  readonly name?: string
  readonly generateName?: string
  readonly namespace?: string
  readonly labels?: StringMap
  readonly annotations?: StringMap
  readonly ownerReferences?: readonly OwnerReference[]
}

export interface KubeObject extends Raw {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: ObjectMeta
}

export interface ContainerPort extends Raw {
  readonly name?: string
  readonly containerPort?: number
  readonly hostPort?: number
  readonly hostIP?: string
  readonly protocol?: string
}

export interface EnvVar extends Raw {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: Raw
}

export interface VolumeMount extends Raw {
  readonly name: string
  readonly mountPath: string
  readonly readOnly?: boolean
  readonly subPath?: string
}

export interface HttpGet extends Raw {
  readonly path?: string
  readonly port?: number | string
  readonly host?: string
  readonly scheme?: string
  readonly httpHeaders?: readonly Raw[]
}

export interface Handler extends Raw {
  readonly exec?: Raw
  readonly httpGet?: HttpGet
  readonly tcpSocket?: {readonly [key: string]: unknown; readonly port?: number | string; readonly host?: string}
  readonly grpc?: {readonly [key: string]: unknown; readonly port?: number; readonly service?: string | null}
}

export interface Probe extends Handler {
  readonly timeoutSeconds?: number
}

/** A quantity may be written as a number in YAML; the API server always sends a string. */
export type QuantityMap = Readonly<Record<string, string | number>>

export interface Resources extends Raw {
  readonly limits?: QuantityMap
  readonly requests?: QuantityMap
}

export interface SecurityContext extends Raw {
  readonly runAsUser?: number
  readonly runAsGroup?: number
  readonly runAsNonRoot?: boolean
  readonly privileged?: boolean
  readonly capabilities?: {
    readonly [key: string]: unknown
    readonly add?: readonly string[]
    readonly drop?: readonly string[]
  }
}

export interface Container extends Raw {
  readonly name: string
  readonly image?: string
  readonly imagePullPolicy?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly ports?: readonly ContainerPort[]
  readonly env?: readonly EnvVar[]
  readonly resources?: Resources
  readonly restartPolicy?: string
  readonly volumeMounts?: readonly VolumeMount[]
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly startupProbe?: Probe
  readonly lifecycle?: {readonly [key: string]: unknown; readonly postStart?: Handler; readonly preStop?: Handler}
  readonly securityContext?: SecurityContext
}

export interface Volume extends Raw {
  readonly name: string
}

export interface PodSpec extends Raw {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly imagePullSecrets?: readonly Raw[]
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly hostNetwork?: boolean
  readonly nodeName?: string
  readonly dnsPolicy?: string
  readonly dnsConfig?: Raw
  readonly securityContext?: SecurityContext
}

export interface Pod extends KubeObject {
  readonly metadata: ObjectMeta
  readonly spec: PodSpec
}

export interface ServicePort extends Raw {
  readonly name?: string
  readonly port?: number
  readonly targetPort?: number | string
}

export interface Service extends KubeObject {
  readonly metadata: ObjectMeta
  readonly spec: {readonly [key: string]: unknown; readonly ports?: readonly ServicePort[]}
}
