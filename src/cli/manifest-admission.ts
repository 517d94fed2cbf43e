import {injectKey} from '../admission/decide.ts'
import {patch, type Operation} from '../admission/patch.ts'
import {admit, choose, unknownNamespace, type AdmissionState, type Verdict} from '../admission/review.ts'
import type {Objects} from '../mesh/objects.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues, type Values} from '../mesh/values.ts'
import type {ManifestDocument} from './manifest-document.ts'
import {createPod, objectsOf, templateFrom, workloadOf, type Workload} from './manifest-workload.ts'

/** What the webhook would say to the next pod of a workload, or to a Service. */
export interface Judged {
  /** `deployment/user-service` */
  readonly name: string
  readonly namespace: string
  /** Undefined for a Service. */
  readonly workload: Workload | undefined
  /** The pod or Service as the webhook would see it. */
  readonly object: Values
  readonly state: AdmissionState
  readonly verdict: Verdict
}

/** The same for an object of a manifest, and what that makes of the manifest. */
export interface Admitted extends Judged {
  readonly document: ManifestDocument
  /** Where the operations count from. */
  readonly path: readonly (string | number)[]
  readonly operations: readonly Operation[]
}

export interface AdmissionChoices {
  /** The namespace of what names none. */
  readonly namespace: string
  /** As if every pod had opted in; opt-outs still count. */
  readonly always?: boolean
}

/** Puts every workload and Service of the documents before the webhook's own judgement. */
export function* admitAll(
  documents: readonly ManifestDocument[],
  state: AdmissionState,
  choices: AdmissionChoices,
): Generator<Admitted> {
  for (const document of documents) {
    for (const {object, path} of objectsOf(document.value)) {
      const workload = workloadOf(object, path)
      if (workload !== undefined) {
        const judged = judgeWorkload(workload, state, choices)
        yield {...judged, document, path: workload.path, operations: operationsOf(workload, judged)}
      } else if (object['apiVersion'] === 'v1' && object['kind'] === 'Service') {
        yield admitService(object, path, document, state, choices)
      }
    }
  }
}

/** Puts the pod that the workload's controller would create next before the webhook's own judgement. */
export function judgeWorkload(
  workload: Workload,
  state: AdmissionState,
  {namespace: fallback, always = false}: AdmissionChoices,
): Judged {
  const namespace = workload.namespace ?? fallback
  const creation = createPod(workload, namespace)
  const known = {...state, objects: inFront(creation.owners, state.objects)}
  let object = creation.pod
  let verdict = review('Pod', object, namespace, known)
  if (always && isUndecided(verdict, object, namespace, known)) {
    object = optedIn(object)
    const second = review('Pod', object, namespace, known)
    verdict = second.code === 'MW1001' ? {...second, reason: '--always stands for an opt-in of the pod'} : second
  }
  return {
    name: `${workload.kind.toLowerCase()}/${workload.name}`,
    namespace,
    workload,
    object,
    state: known,
    verdict,
  }
}

function operationsOf(workload: Workload, {object, verdict}: Judged): readonly Operation[] {
  const changed = verdict.decision === 'injected' || verdict.decision === 'annotated'
  return changed ? patch(workload.template, templateFrom(workload, object, verdict.object)) : []
}

function admitService(
  object: Values,
  path: readonly (string | number)[],
  document: ManifestDocument,
  state: AdmissionState,
  {namespace: fallback}: AdmissionChoices,
): Admitted {
  const metadata = isValues(object['metadata']) ? object['metadata'] : {}
  const written = metadata['namespace']
  const namespace = typeof written === 'string' && written !== '' ? written : fallback
  const verdict = review('Service', object, namespace, state)
  return {
    name: `service/${typeof metadata['name'] === 'string' ? metadata['name'] : ''}`,
    namespace,
    workload: undefined,
    object,
    state,
    verdict,
    document,
    path,
    operations: verdict.decision === 'annotated' ? patch(object, verdict.object) : [],
  }
}

function review(kind: 'Pod' | 'Service', object: unknown, namespace: string, state: AdmissionState): Verdict {
  return admit({uid: 'manifest', kind, operation: 'CREATE', subResource: '', namespace, object}, state)
}

/** Nobody has spoken for or against the pod, so `--always` may: `autoInject` and the mesh's default policy are no opt-outs. */
function isUndecided({decision, code}: Verdict, pod: unknown, namespace: string, state: AdmissionState): boolean {
  if (decision === 'injected' || decision === 'refused') return false
  if (code === 'MW1108' || code === 'MW1109') return true
  const facts = state.objects.namespace(namespace) ?? unknownNamespace(namespace)
  const shaped = state.shapes.pod(pod)
  const prepared = choose(facts, state)
  if (!shaped.ok || prepared === undefined) return false
  const subject = {pod: shaped.object, namespace: facts, objects: state.objects, overrides: {}}
  const native = prepared.injector.native(subject)
  return native.speaker === 'policy' && native.code === code
}

function optedIn(pod: Values): Values {
  const metadata = isValues(pod['metadata']) ? pod['metadata'] : {}
  const labels = isValues(metadata['labels']) ? metadata['labels'] : {}
  return {...pod, metadata: {...metadata, labels: {...labels, [injectKey]: 'enabled'}}}
}

/** The same objects with a few in front of them: the owners of the pod at hand. */
function inFront(owners: readonly KubeObject[], objects: Objects): Objects {
  return {
    get: (kind, namespace, name) =>
      owners.find(
        ({metadata, ...owner}) => owner.kind === kind && metadata?.namespace === namespace && metadata.name === name,
      ) ?? objects.get(kind, namespace, name),
    namespace: (name) => objects.namespace(name),
  }
}
