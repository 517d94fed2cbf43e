import {isDeepStrictEqual} from 'node:util'
import * as fc from 'fast-check'
import jsonPatch from 'fast-json-patch'
import {z} from 'zod'
import {admissionLabel} from '../../../src/install/names.ts'
import {applyPatch} from '../../apply-patch.ts'
import {call} from '../../admission/harness.ts'
import {arbitraryPod} from '../arbitrary-pod.ts'
import {loadNamespace, type Bed} from '../bed.ts'
import {podReview} from '../../review.ts'
import {check, number, type Row} from '../row.ts'
import {sidecar} from '../senders.ts'

const OBJECT = z.record(z.string(), z.unknown())
const STORED = z.looseObject({
  metadata: OBJECT,
  spec: z.looseObject({containers: z.array(OBJECT), initContainers: z.array(OBJECT).default([])}),
})
const OPERATIONS = z.array(z.object({op: z.enum(['add', 'replace', 'remove']), path: z.string(), value: z.unknown()}))
const REVIEW = z.object({
  response: z.object({allowed: z.boolean(), patch: z.string().optional(), status: z.unknown().optional()}),
})
const width = 8
/** A namespace that the webhook is never asked about. */
const bare = 'bare'

export const pods: Row = {
  number: 15,
  fault: 'any pods',
  bar: 'the patch applies alike in two libraries and in the API server, which takes the pod; injected twice is injected once',
  isQuick: true,
  async run(bed, scale) {
    const total = scale === 'full' ? 2000 : 150
    const seed = Math.floor(Math.random() * 2 ** 31)
    await bed.cluster.createNamespace(bare, {labels: {[admissionLabel]: 'disabled'}})
    const waiting = fc.sample(arbitraryPod, {numRuns: total, seed})
    const problems: string[] = []
    const worker = async () => {
      for (let pod = waiting.pop(); pod !== undefined; pod = waiting.pop()) {
        const problem = await judge(bed, pod).catch(String)
        if (problem !== undefined) problems.push(`${problem}: ${JSON.stringify(pod)}`)
      }
    }
    await Promise.all(Array.from({length: width}, worker))
    return {
      done: `${number(total)} random pods that Kubernetes takes (of the 1,000,000 of the matrix; seed ${seed}), each created as a dry run, its patch applied by two libraries and what they made of it created where nobody injects, and what came of the first created again`,
      checks: [
        check(
          problems.length === 0,
          `${problems.length} problems ${problems.slice(0, 2).join('; ').slice(0, 2000)}`.trim(),
        ),
      ],
    }
  },
}

/** What is wrong with what becomes of a pod; undefined: nothing. */
async function judge(bed: Bed, pod: object): Promise<string | undefined> {
  const once = await created(bed, pod)
  if (typeof once === 'string') return once
  const names = [...once.spec.initContainers, ...once.spec.containers].map((container) => container['name'])
  if (names.filter((name) => name === sidecar).length !== 1) return 'not injected once'

  // As the API server shows it to a webhook, with its defaults, and what two libraries make of the answer.
  const shown = await created(bed, pod, bare)
  if (typeof shown === 'string') return `without a webhook: ${shown}`
  const object = {
    ...shown,
    metadata: {...shown.metadata, name: String(shown.metadata['name']), namespace: loadNamespace},
  }
  const asked = await call(bed.balancer.port, {
    path: '/mutate?timeout=10s',
    ca: bed.authorities.bundle,
    body: podReview('any', loadNamespace, object),
  })
  const {patch = ''} = REVIEW.parse(JSON.parse(asked.text)).response
  const operations = OPERATIONS.parse(JSON.parse(Buffer.from(patch, 'base64').toString()))
  const ours = applyPatch(object, operations)
  const theirs = jsonPatch.applyPatch(structuredClone(object), operations, true, true, false).newDocument
  if (!isDeepStrictEqual(ours, theirs)) return 'two libraries apply the patch differently'

  const patched = STORED.parse(ours)
  const applied = await created(
    bed,
    {apiVersion: 'v1', kind: 'Pod', metadata: again(patched.metadata), spec: patched.spec},
    bare,
  )
  if (typeof applied === 'string') return `what the libraries made of the patch: ${applied}`
  if (!isDeepStrictEqual(said(applied), said(once))) {
    return `the API server applies the patch differently: ${JSON.stringify(said(applied))} instead of ${JSON.stringify(said(once))}`
  }

  const {metadata, spec} = once
  const twice = await created(bed, {apiVersion: 'v1', kind: 'Pod', metadata: again(metadata), spec})
  if (typeof twice === 'string') return `what was injected: ${twice}`
  return isDeepStrictEqual(twice.spec, spec) ? undefined : 'injected twice is not injected once'
}

/** The pod as the API server would store it, or its words. */
async function created(bed: Bed, pod: object, namespace = loadNamespace): Promise<z.infer<typeof STORED> | string> {
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`
  const {status, body} = await bed.cluster.api.request('POST', path, pod)
  return status === 201 ? STORED.parse(body) : `the API server answered ${status} ${JSON.stringify(body)}`
}

/** Without what only the API server may say. */
function again(metadata: z.infer<typeof OBJECT>): object {
  const {name, labels, annotations} = metadata
  return {name, labels, annotations}
}

/** What a pod says, but for what is another one's in each create: the name of the volume with its token. */
function said({metadata, spec}: z.infer<typeof STORED>): unknown {
  const text = JSON.stringify({...again(metadata), spec})
  return JSON.parse(text.replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access'))
}
