import {Ajv, type ErrorObject, type ValidateFunction} from 'ajv'
import type {Pod, Service} from '../mesh/pod.ts'

type Fields = Readonly<Record<string, unknown>>

export type Shaped<T> = {readonly ok: true; readonly object: T} | {readonly ok: false; readonly message: string}

// Only what an injector reads is described; everything else may be whatever the API server lets through.
const text = {type: 'string'} as const
const flag = {type: 'boolean'} as const
const integer = {type: 'integer'} as const
const port = {type: ['integer', 'string']} as const
const map = (values: object) => ({type: 'object', required: [], additionalProperties: values}) as const
const list = (items: object) => ({type: 'array', items}) as const
const object = (properties: Record<string, object>, required: readonly string[] = []) =>
  ({type: 'object', properties, required}) as const

const handler = {
  exec: object({}),
  httpGet: object({path: text, port, host: text, scheme: text, httpHeaders: list(object({}))}),
  tcpSocket: object({port, host: text}),
  grpc: object({port: integer, service: text}),
}
const probe = object({...handler, timeoutSeconds: integer})
const securityContext = object({
  runAsUser: integer,
  runAsGroup: integer,
  runAsNonRoot: flag,
  privileged: flag,
  capabilities: object({add: list(text), drop: list(text)}),
})
const quantities = map({type: ['string', 'number']})
const container = object(
  {
    name: text,
    image: text,
    imagePullPolicy: text,
    command: list(text),
    args: list(text),
    ports: list(object({name: text, containerPort: integer, hostPort: integer, hostIP: text, protocol: text})),
    env: list(object({name: text, value: text, valueFrom: object({})}, ['name'])),
    resources: object({limits: quantities, requests: quantities}),
    restartPolicy: text,
    volumeMounts: list(object({name: text, mountPath: text, readOnly: flag, subPath: text}, ['name', 'mountPath'])),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    lifecycle: object({postStart: object(handler), preStop: object(handler)}),
    securityContext,
  },
  ['name'],
)
const metadata = object({
  name: text,
  generateName: text,
  namespace: text,
  labels: map(text),
  annotations: map(text),
  ownerReferences: list(object({apiVersion: text, kind: text, name: text, uid: text, controller: flag})),
})
const podSchema = object(
  {
    apiVersion: text,
    kind: text,
    metadata,
    spec: object(
      {
        containers: list(container),
        initContainers: list(container),
        volumes: list(object({name: text}, ['name'])),
        imagePullSecrets: list(object({})),
        serviceAccountName: text,
        automountServiceAccountToken: flag,
        hostNetwork: flag,
        nodeName: text,
        dnsPolicy: text,
        dnsConfig: object({}),
        securityContext,
      },
      ['containers'],
    ),
  },
  ['metadata', 'spec'],
)
const serviceSchema = object(
  {
    apiVersion: text,
    kind: text,
    metadata,
    spec: object({ports: list(object({name: text, port: integer, targetPort: port}))}),
  },
  ['metadata', 'spec'],
)

/** Narrows raw JSON to the objects that an injector reads. Made once a process: compiling the schemas takes some milliseconds. */
export class Shapes {
  readonly #pod: ValidateFunction<Pod>
  readonly #service: ValidateFunction<Service>

  constructor() {
    const ajv = new Ajv({allowUnionTypes: true, strictTypes: false})
    this.#pod = ajv.compile<Pod>(podSchema)
    this.#service = ajv.compile<Service>(serviceSchema)
  }

  pod(value: unknown): Shaped<Pod> {
    return check(value, this.#pod, asPod)
  }

  service(value: unknown): Shaped<Service> {
    return check(value, this.#service, asObject)
  }
}

function check<T>(value: unknown, validate: ValidateFunction<T>, fill: (value: unknown) => unknown): Shaped<T> {
  if (validate(value)) return {ok: true, object: value}
  // Go reads null as absent, so it is no fault of the pod; only rarely is anything null, hence the second try.
  const filled = fill(value)
  return validate(filled) ? {ok: true, object: filled} : {ok: false, message: describe(validate.errors?.[0])}
}

/** That a pod has no containers is the API server's to refuse, in its own words and after every webhook. */
function asPod(value: unknown): unknown {
  const pod = asObject(value)
  return isFields(pod) && isFields(pod['spec']) ? {...pod, spec: {containers: [], ...pod['spec']}} : pod
}

/** As lenient as the meshes' own readers: null is absent, and a label or annotation of `true` or 1 is that text. */
function asObject(value: unknown): unknown {
  const object = withoutNulls(value)
  if (!isFields(object) || !isFields(object['metadata'])) return object
  const {metadata} = object
  const {labels, annotations} = metadata
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(isFields(labels) && {labels: withTexts(labels)}),
      ...(isFields(annotations) && {annotations: withTexts(annotations)}),
    },
  }
}

function withTexts(map: Fields): Fields {
  const text = (value: unknown) => (typeof value === 'boolean' || typeof value === 'number' ? String(value) : value)
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, text(value)]))
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)]))
}

function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return 'the object does not have the shape of its kind'
  const place = error.instancePath
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
  return `${place === '' ? 'the object' : place} ${error.message ?? 'cannot be read'}`
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
