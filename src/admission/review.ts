import type {DecisionCode} from '../codes/decisions.ts'
import type {RefusalCode} from '../codes/refusals.ts'
import {entryOf} from '../codes/table.ts'
import {findingCodes} from '../codes/findings.ts'
import type {Finding} from '../mesh/finding.ts'
import type {MeshName, Subject} from '../mesh/mesh.ts'
import type {NamespaceFacts, Objects} from '../mesh/objects.ts'
import type {KubeObject, Pod} from '../mesh/pod.ts'
import {Base64} from './base64.ts'
import {decide, ownerOf, quoted, type Prepared} from './decide.ts'
import {breach} from './guard.ts'
import {readOverrides} from './overrides.ts'
import {patch} from './patch.ts'
import {podSecurityFindings} from './pod-security.ts'
import type {Shapes} from './shape.ts'
import {excessOf, namespaceExcess} from './size.ts'

/** One configuration with its environments. */
export interface Governing {
  readonly base: Prepared
  /** By environment name, for namespaces labelled `meshwright.dev/environment`. */
  readonly environments: ReadonlyMap<string, Prepared>
}

/** Everything that an answer depends on beside the request; swapped as a whole when configuration or objects change. */
export interface AdmissionState extends Governing {
  /** By name, for namespaces labelled `meshwright.dev/config`: the MeshConfigs of a cluster. */
  readonly configurations?: ReadonlyMap<string, Governing>
  readonly objects: Objects
  readonly shapes: Shapes
  /** The namespace that Meshwright itself runs in. */
  readonly ownNamespace: string
}

/** The answer about one object, before it is dressed as an AdmissionReview. */
export interface Verdict {
  readonly decision: 'injected' | 'annotated' | 'skipped' | 'refused'
  readonly code: DecisionCode | RefusalCode
  readonly reason: string
  readonly mesh: MeshName
  readonly findings: readonly Finding[]
  /** The object as it was read, which the patch starts from. */
  readonly before: KubeObject
  /** The object as it should be; the same as `before` where nothing changes. */
  readonly object: KubeObject
  readonly sidecars: readonly string[]
}

export interface AdmissionRequest {
  readonly uid: string
  readonly kind: 'Pod' | 'Service' | 'other'
  readonly operation: string
  readonly subResource: string
  readonly namespace: string
  readonly object: unknown
  /** In half a sentence, why the object was not even read. */
  readonly excess?: string | undefined
}

export const environmentKey = 'meshwright.dev/environment'
export const configurationKey = 'meshwright.dev/config'

/** Decides about one object. Pure: the same request and state give the same verdict. */
export function admit(request: AdmissionRequest, state: AdmissionState): Verdict {
  const {namespace: name, object: raw} = request
  const unread = isObject(raw) ? raw : {}
  const skipped = (code: DecisionCode, reason: string): Verdict => ({
    decision: 'skipped',
    code,
    reason,
    mesh: state.base.mesh,
    findings: [],
    before: unread,
    object: unread,
    sidecars: [],
  })
  if (request.kind === 'other') return skipped('MW1117', 'only Pods and Services are looked at')
  if (request.subResource !== '') return skipped('MW1103', `the request is for the subresource ${request.subResource}`)
  if (request.operation !== 'CREATE') return skipped('MW1102', `the operation is ${request.operation || 'missing'}`)
  if (name === state.ownNamespace) return skipped('MW1101', `namespace ${name} is Meshwright's own`)

  const namespace = state.objects.namespace(name) ?? unknownNamespace(name)
  const prepared = choose(namespace, state)
  const refused = (code: RefusalCode, reason: string): Verdict => ({
    decision: 'refused',
    code,
    reason,
    mesh: (prepared ?? state.base).mesh,
    findings: [],
    before: unread,
    object: unread,
    sidecars: [],
  })
  if (prepared === undefined) {
    const governing = governingOf(namespace, state)
    const [code, key, plural, known] =
      governing === undefined
        ? (['MW2011', configurationKey, 'MeshConfigs', state.configurations] as const)
        : (['MW2009', environmentKey, 'environments', governing.environments] as const)
    const names = [...(known?.keys() ?? [])].join(', ') || 'none'
    const wanted = quoted(namespace.labels[key] ?? '')
    return refused(code, `namespace ${name} is labelled ${key}: ${wanted}; the ${plural} are ${names}`)
  }
  const excess = request.excess ?? excessOf(request) ?? namespaceExcess(namespace)
  if (excess !== undefined) return refused('MW2012', excess)
  if (request.kind === 'Service') {
    const service = state.shapes.service(raw)
    if (!service.ok) return refused('MW2008', service.message)
    return annotated(service.object, namespace, prepared, {
      ...skipped('MW1117', 'a Service gets no sidecar'),
      mesh: prepared.mesh,
    })
  }
  const pod = state.shapes.pod(raw)
  if (!pod.ok) return refused('MW2008', pod.message)
  return admitPod(pod.object, namespace, prepared, state.objects, refused)
}

function admitPod(
  pod: Pod,
  namespace: NamespaceFacts,
  prepared: Prepared,
  objects: Objects,
  refused: (code: RefusalCode, reason: string) => Verdict,
): Verdict {
  const {mesh, injector, settings} = prepared
  const read = readOverrides(pod.metadata.annotations, pod.metadata.labels)
  const subject: Subject = {pod, namespace, objects, overrides: read.ok ? read.overrides : {}}
  const decision = decide(subject, prepared)
  if (decision.verdict === 'refuse') return refused(decision.code, decision.reason)
  const left = (code: DecisionCode, reason: string, findings: readonly Finding[]): Verdict =>
    annotated(pod, namespace, prepared, {
      decision: 'skipped',
      code,
      reason,
      mesh,
      findings,
      before: pod,
      object: pod,
      sidecars: [],
    })
  if (decision.verdict === 'skip') return left(decision.code, decision.reason, decision.notes)

  if (!read.ok) return refused(read.code, read.reason)
  if (settings.enforced === true) {
    const evasion = injector.evasions(subject)[0]
    if (evasion !== undefined) return refused('MW2006', `${evasion.key}: ${evasion.reason}`)
  }
  const injection = injector.inject(subject)
  if (injection.outcome === 'refused') return refused('MW2007', injection.message)
  if (injection.outcome === 'skipped') return left(injection.code, injection.reason, decision.notes)
  const broken = breach(injection.pod, injection.sidecars, settings)
  if (broken !== undefined) return refused(broken.code, broken.reason)
  return {
    decision: 'injected',
    code: decision.code,
    reason: decision.reason,
    mesh,
    findings: [
      ...decision.notes,
      ...podSecurityFindings(injection.pod, injection.sidecars, namespace, mesh),
      ...injector.findings,
      ...injection.findings,
    ],
    before: pod,
    object: injection.pod,
    sidecars: injection.sidecars,
  }
}

function annotated(object: KubeObject, namespace: NamespaceFacts, prepared: Prepared, verdict: Verdict): Verdict {
  const after = prepared.injector.annotate(object, namespace)
  return after === object ? verdict : {...verdict, decision: 'annotated', before: object, object: after}
}

/** Which configuration and environment rule a namespace; undefined where it names one that there is not. */
export function choose(namespace: NamespaceFacts, state: AdmissionState): Prepared | undefined {
  const governing = governingOf(namespace, state)
  return Object.hasOwn(namespace.labels, environmentKey)
    ? governing?.environments.get(namespace.labels[environmentKey] ?? '')
    : governing?.base
}

function governingOf({labels}: NamespaceFacts, state: AdmissionState): Governing | undefined {
  return Object.hasOwn(labels, configurationKey) ? state.configurations?.get(labels[configurationKey] ?? '') : state
}

/** A namespace that the cache has not seen yet (it may be a second old) has the one label that every namespace has. */
export function unknownNamespace(name: string): NamespaceFacts {
  return {name, labels: {'kubernetes.io/metadata.name': name}, annotations: {}}
}

/** What goes over the wire, and what the log and the metrics say of it. */
export interface Reviewed {
  /** The AdmissionReview as JSON text. */
  readonly body: string
  readonly namespace: string
  readonly owner: string
  readonly verdict: Verdict
}

/** Answers AdmissionReviews. */
export class Reviewer {
  readonly #base64 = new Base64()

  /**
   * The answer to an AdmissionReview v1, or in one sentence why the body is none.
   *
   * @param excess why the review was not read but for what it says of its object, in half a sentence
   */
  review(body: unknown, state: AdmissionState, excess?: string): Reviewed | {readonly badRequest: string} {
    const request = readRequest(body)
    if (typeof request === 'string') return {badRequest: request}
    const verdict = admit(excess === undefined ? request : {...request, excess}, state)
    return {
      body: this.#answer(request, verdict),
      namespace: request.namespace,
      owner: ownerOf(request.object),
      verdict,
    }
  }

  #answer({uid, object: raw}: AdmissionRequest, verdict: Verdict): string {
    const {decision, code, reason, mesh, findings, before, object} = verdict
    const operations = before === object ? [] : patch(before, object, before === raw)
    const response = JSON.stringify({
      uid,
      allowed: decision !== 'refused',
      ...(decision === 'refused' && {status: {code: 403, reason: 'Forbidden', message: refusalText(verdict)}}),
      ...(findings.length > 0 && {warnings: findings.map(warningOf)}),
      auditAnnotations: {decision, code, mesh, reason},
    })
    // The patch is most of the answer, and base64 needs no escaping: it is not stringified a second time.
    const changes =
      operations.length > 0
        ? `,"patchType":"JSONPatch","patch":"${this.#base64.encode(JSON.stringify(operations))}"`
        : ''
    return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":${response.slice(0, -1)}${changes}}}`
  }
}

/** What an AdmissionReview asks, or in one sentence why it is none. */
export function readRequest(body: unknown): AdmissionRequest | string {
  if (!isRecord(body)) return 'the body is not a JSON object; send an AdmissionReview of admission.k8s.io/v1'
  if (body['apiVersion'] !== 'admission.k8s.io/v1' || body['kind'] !== 'AdmissionReview') {
    return 'apiVersion and kind must be admission.k8s.io/v1 and AdmissionReview'
  }
  const request = body['request']
  if (!isRecord(request)) return 'request is missing; an AdmissionReview without one cannot be answered'
  const {uid, namespace, operation, subResource, kind, object} = request
  if (typeof uid !== 'string' || uid === '' || uid.length > 256)
    return 'request.uid must be a text of 1 to 256 characters'
  if (namespace !== undefined && typeof namespace !== 'string') return 'request.namespace must be a text'
  return {
    uid,
    namespace: namespace ?? '',
    operation: typeof operation === 'string' ? operation : '',
    subResource: typeof subResource === 'string' ? subResource : '',
    kind: kindOf(kind),
    object,
  }
}

function kindOf(kind: unknown): AdmissionRequest['kind'] {
  if (!isRecord(kind) || kind['group'] !== '' || kind['version'] !== 'v1') return 'other'
  return kind['kind'] === 'Pod' || kind['kind'] === 'Service' ? kind['kind'] : 'other'
}

/** Kubernetes cuts warnings beyond this many characters. */
const longestWarning = 120

/** `MW3002 mesh.sidecarImage: …`, at most 120 characters. */
export function warningOf({kind, key, message}: Finding): string {
  const text = `${findingCodes[kind]} ${key}: ${message}`
  return text.length > longestWarning ? `${text.slice(0, longestWarning - 1)}…` : text
}

function refusalText({code, reason}: Verdict): string {
  return `${code}: ${reason}. ${entryOf(code).fix}`
}

function isObject(value: unknown): value is KubeObject {
  return isRecord(value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
