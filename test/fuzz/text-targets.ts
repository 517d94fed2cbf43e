import {isDeepStrictEqual} from 'node:util'
import jsonPatch from 'fast-json-patch'
import {ObjectIndex} from '../../src/admission/objects.ts'
import {Reviewer} from '../../src/admission/review.ts'
import {Shapes} from '../../src/admission/shape.ts'
import {prepareEnvironments, type PreparedEnvironments} from '../../src/admission/state.ts'
import {Failure} from '../../src/cli/failure.ts'
import {admitAll} from '../../src/cli/manifest-admission.ts'
import {readDocuments} from '../../src/cli/manifest-document.ts'
import {written} from '../../src/cli/manifest-input.ts'
import {yamlStream} from '../../src/cli/render.ts'
import {ruleInput} from '../../src/cli/rule-input.ts'
import {translate} from '../../src/cli/rule-translation.ts'
import {loadConfiguration} from '../../src/config/load.ts'
import {configurationSchema} from '../../src/config/schema.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {authority} from '../admission/harness.ts'
import type {TextTarget} from './text-bodies.ts'

/** What became of a text: taken or refused as it should be, or what is wrong. */
export type Outcome = 'taken' | 'refused' | {readonly problem: string}

/** What each text is given to; none of them may throw. */
export const targets: Readonly<Record<TextTarget, (body: Buffer, turn: number) => Promise<Outcome>>> = {
  configurations: async (body) => configuration(body.toString()),
  manifests: async (body, turn) =>
    refusing(() => manifests(body.toString(), meshNames[turn % meshNames.length] ?? 'istio')),
  rules: async (body) => refusing(() => rules(body.toString())),
}

const reviewer = new Reviewer()
const shapes = new Shapes()
/** What a mesh cannot do without. */
const settings: Readonly<Record<MeshName, object>> = {
  istio: {},
  linkerd: {linkerd: {values: {identityTrustAnchorsPEM: authority.cert}}},
  consul: {consul: {clusterDNS: {nameservers: ['10.0.0.10'], searches: [], options: []}}},
}
const noObjects = new ObjectIndex([])
const pod = {
  metadata: {name: 'web', namespace: 'shop', labels: {app: 'web'}},
  spec: {containers: [{name: 'app', image: 'app:1', ports: [{containerPort: 80}]}]},
}

/** Loaded, resolved for each environment, and asked about a pod; nothing of it may fail without a sentence. */
function configuration(text: string): Outcome {
  const loading = loadConfiguration([{file: 'fuzz.yaml', text}])
  if (!loading.ok) return refusal(loading.problems)
  for (const environment of [undefined, ...loading.loaded.environments]) {
    const resolution = loading.loaded.resolve(environment)
    if (!resolution.ok) return {problem: `environment ${environment} was found good and does not resolve`}
    const again = configurationSchema.safeParse(resolution.resolved.configuration)
    if (!again.success) return {problem: `what was resolved is none: ${again.error.message}`}
  }
  const preparation = prepareEnvironments(loading.loaded, noObjects, {})
  if (!preparation.ok) return refusal(preparation.problems)
  const {base, environments} = preparation.prepared
  const state = {base, environments, objects: noObjects, shapes, ownNamespace: ''}
  const request = {
    uid: 'u',
    kind: {group: '', version: 'v1', kind: 'Pod'},
    namespace: 'shop',
    operation: 'CREATE',
    object: pod,
  }
  const answer = reviewer.review({apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request}, state)
  if (!('body' in answer)) return {problem: `a review was not answered: ${answer.badRequest}`}
  const {response} = JSON.parse(answer.body)
  return response.uid === 'u' ? 'taken' : {problem: 'the uid is not echoed'}
}

function refusal(problems: readonly {readonly code?: string; readonly message: string}[]): Outcome {
  if (problems.length === 0) return {problem: 'refused without a reason'}
  const bad = problems.find(({code, message}) => message === '' || (code !== undefined && !/^MW\d{4}$/.test(code)))
  return bad === undefined ? 'refused' : {problem: `a problem without a sentence: ${JSON.stringify(bad)}`}
}

/** `inject`, again over its own output, which changes nothing more. */
function manifests(text: string, mesh: MeshName): Outcome {
  const first = injected(text, mesh)
  if (first === undefined) return 'refused'
  const second = injected(first, mesh)
  if (second === undefined) return {problem: `its own output is refused: ${first}`}
  const [once = [], twice = []] = [first, second].map((text) =>
    readDocuments('fuzz.yaml', text).map(({value}) => value),
  )
  // What a pod wrote under the name of Istio's native sidecar is not found again by istiod either.
  if (first.includes('proxy.istio.io/overrides')) return 'taken'
  const changes = jsonPatch.compare(once, twice)
  return changes.length === 0 ? 'taken' : {problem: `its own output is changed again: ${JSON.stringify(changes)}`}
}

/** The documents after injection; undefined where one of them is refused. */
function injected(text: string, mesh: MeshName): string | undefined {
  const documents = readDocuments('fuzz.yaml', text)
  const objects = new ObjectIndex(
    documents.map(({value}) => value),
    'default',
  )
  const state = {...preparedFor(mesh), objects, shapes, ownNamespace: ''}
  const admitted = [...admitAll(documents, state, {namespace: 'default', always: true})]
  if (admitted.some(({verdict}) => verdict.decision === 'refused')) return undefined
  for (const {document, path, operations} of admitted) document.edit(path, operations)
  return written(documents, 'yaml')
}

function preparedFor(mesh: MeshName): PreparedEnvironments {
  const text = JSON.stringify({mesh: {type: mesh, ...settings[mesh]}})
  const loading = loadConfiguration([{file: 'mesh.yaml', text}])
  const preparation = loading.ok ? prepareEnvironments(loading.loaded, noObjects, {}) : loading
  if (!preparation.ok) throw new Error(JSON.stringify(preparation.problems))
  return preparation.prepared
}

/** Translated for each mesh as `render` does; twice the same gives the same. */
function rules(text: string): Outcome {
  for (const mesh of meshNames) {
    const once = () => translate(ruleInput([{name: 'fuzz.yaml', text}], [], 'default'), {mesh})
    const rendering = once()
    yamlStream(rendering.objects)
    if (!isDeepStrictEqual(once().objects, rendering.objects)) return {problem: `${mesh}: not twice the same`}
    const silent = rendering.findings.find(({code, message}) => message === '' || !/^MW\d{4}$/.test(code))
    if (silent !== undefined) return {problem: `${mesh}: a finding without a sentence: ${JSON.stringify(silent)}`}
  }
  return 'taken'
}

/** A Failure is how a command says no; it has to say why. */
function refusing(work: () => Outcome): Outcome {
  try {
    return work()
  } catch (error) {
    if (error instanceof Failure && error.message !== '') return 'refused'
    throw error
  }
}
