import {isDeepStrictEqual} from 'node:util'
import {Agent} from 'node:https'
import jsonPatch from 'fast-json-patch'
import {applyPatch} from '../apply-patch.ts'
import {withGiants, type FuzzBody} from './review-bodies.ts'
import {call, Wire, type Response} from '../admission/harness.ts'

export interface FuzzReport {
  /** How many answers had this HTTP status. */
  readonly statuses: Map<number, number>
  patched: number
  refused: number
  failed: number
  /** Milliseconds of the slowest round trip, and how many took more than 100. */
  slowest: number
  slow: number
  /** Bodies that took more than 100 ms each time they were sent again: these are slow, not the machine. */
  readonly hangs: string[]
  readonly problems: string[]
}

const hang = 100

export function emptyReport(): FuzzReport {
  return {statuses: new Map(), patched: 0, refused: 0, failed: 0, slowest: 0, slow: 0, hangs: [], problems: []}
}

/** Sends `count` bodies over `width` connections, and some that are no HTTP on connections of their own. */
export async function fuzz(port: number, ca: string, count: number, seed: number, width = 8): Promise<FuzzReport> {
  const report = emptyReport()
  const agent = new Agent({keepAlive: true, maxSockets: width})
  const bodies = withGiants(seed)
  let giant = Promise.resolve()
  let sent = 0
  const worker = async () => {
    while (sent < count) {
      sent++
      const {value} = bodies.next()
      if (value === undefined) return
      const answering =
        value.kind === 'giant'
          ? giant.then(() => send(port, agent, ca, value, report))
          : send(port, agent, ca, value, report)
      // The webhook takes 8 MiB at a time, so two of them together would be turned away.
      if (value.kind === 'giant') giant = answering.then(() => undefined)
      const answer = await answering
      if (answer === undefined) continue
      report.statuses.set(answer.status, (report.statuses.get(answer.status) ?? 0) + 1)
      const problem = judge(value, answer, report)
      if (problem !== undefined) note(report.problems, `${problem}: ${excerpt(value)} -> ${answer.text.slice(0, 300)}`)
      if (answer.took > hang) {
        report.slow++
        if (await stillSlow(port, agent, ca, value))
          note(report.hangs, `${answer.took.toFixed(0)} ms: ${excerpt(value)}`)
      }
      report.slowest = Math.max(report.slowest, answer.took)
      if (sent % 500 === 0) await garbage(port, ca, value.body)
    }
  }
  await Promise.all(Array.from({length: width}, worker))
  agent.destroy()
  return report
}

async function send(
  port: number,
  agent: Agent,
  ca: string,
  body: FuzzBody,
  {problems}: Pick<FuzzReport, 'problems'>,
): Promise<Response | undefined> {
  try {
    return await call(port, {body: body.body, agent, ca, path: '/mutate?timeout=10s'})
  } catch (error) {
    note(problems, `no answer (${String(error)}): ${excerpt(body)}`)
    return undefined
  }
}

async function stillSlow(port: number, agent: Agent, ca: string, {body}: FuzzBody): Promise<boolean> {
  // Often enough that something else on the machine is not taken for it.
  for (let attempt = 0; attempt < 10; attempt++) {
    const {took} = await call(port, {body, agent, ca}).catch(() => ({took: 0}))
    if (took <= hang) return false
  }
  return true
}

/** Bytes that are no request, or half of one, on a connection that is then dropped. */
async function garbage(port: number, ca: string, bytes: Buffer): Promise<void> {
  const wire = await Wire.open(port, {ca})
  wire.write(
    bytes.length % 2 === 0 ? bytes : Buffer.concat([Buffer.from('POST /mutate HTTP/1.1\r\nHost: a\r\n'), bytes]),
  )
  await wire.until((text) => text !== '' || wire.closed, 50).catch(() => {})
  wire.socket.destroy()
}

/** What is wrong with an answer; undefined: nothing. */
export function judge({body}: FuzzBody, {status, text}: Response, report: FuzzReport): string | undefined {
  if (status >= 500 || status === 429) return `HTTP ${status}`
  if (status !== 200) {
    const fault: unknown = JSON.parse(text)
    return field(fault, 'kind') === 'Status' && /^MW5\d{3}: /.test(String(field(fault, 'message')))
      ? undefined
      : 'not a Kubernetes Status'
  }
  const request = requestIn(body)
  const review: unknown = JSON.parse(text)
  if (field(review, 'apiVersion') !== 'admission.k8s.io/v1' || field(review, 'kind') !== 'AdmissionReview') {
    return 'not an AdmissionReview'
  }
  const response = field(review, 'response')
  // Of what is too much to be worked on only the beginning is read, so that what comes after it may be no JSON.
  const isUid = (uid: unknown) =>
    request === undefined ? body.includes(`"${String(uid)}"`) : uid === field(request, 'uid')
  if (!isUid(field(response, 'uid'))) return 'the uid is not echoed'
  const warnings = field(response, 'warnings') ?? []
  if (!Array.isArray(warnings) || !warnings.every((warning) => typeof warning === 'string' && warning.length <= 120)) {
    return 'bad warnings'
  }
  const audit = field(response, 'auditAnnotations')
  if (!/^MW\d{4}$/.test(String(field(audit, 'code')))) return 'no code in the audit annotations'
  if (field(audit, 'decision') === 'failed') {
    report.failed++
    return 'an internal error'
  }
  const patch = field(response, 'patch')
  if (field(response, 'allowed') === false) {
    report.refused++
    if (patch !== undefined) return 'refused and patched'
    const message = field(field(response, 'status'), 'message')
    return typeof message === 'string' && message !== '' ? undefined : 'refused without a sentence'
  }
  if (field(response, 'allowed') !== true) return 'neither allowed nor refused'
  if (patch === undefined) return undefined
  if (request === undefined) return 'patched, although it is no JSON'
  report.patched++
  return judgePatch(field(request, 'object'), field(response, 'patchType'), patch)
}

/** Undefined where the body is no JSON. */
function requestIn(body: Buffer): unknown {
  try {
    return field(JSON.parse(body.toString()), 'request')
  } catch {
    return undefined
  }
}

function judgePatch(object: unknown, type: unknown, patch: unknown): string | undefined {
  if (type !== 'JSONPatch' || typeof patch !== 'string') return 'no JSON patch'
  const operations: jsonPatch.Operation[] = JSON.parse(Buffer.from(patch, 'base64').toString())
  try {
    const ours = applyPatch(object, operations)
    const theirs = jsonPatch.applyPatch(structuredClone(object), operations, true, true, false).newDocument
    return isDeepStrictEqual(ours, theirs) ? undefined : 'two appliers disagree about the patch'
  } catch (error) {
    return `the patch does not apply (${String(error).slice(0, 200)})`
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

function note(list: string[], line: string): void {
  if (list.length < 20) list.push(line)
}

function excerpt({kind, body}: FuzzBody): string {
  return `${kind} ${body.toString().slice(0, 3000)}`
}
