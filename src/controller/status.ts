import {z} from 'zod'
import type {RuleCode} from '../codes/rules.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import {digestOf} from './digest.ts'

/** What one unit has to say of a source that it was made from. */
export interface Report {
  readonly mesh: MeshName
  /** Those of the source alone. */
  readonly findings: readonly RuleFinding[]
  /** One for each part that settles the source's status. */
  readonly parts: readonly PartReport[]
}

export type PartReport =
  | {readonly state: 'programmed'}
  /** Nothing of it was written; what was written before stays. */
  | {readonly state: 'refused'}
  /** `reason` as in a condition; `message` one sentence, with its code. */
  | {readonly state: 'failed'; readonly reason: string; readonly message: string}

const conditionTypes = ['Accepted', 'Programmed', 'Approximated'] as const
export type ConditionType = (typeof conditionTypes)[number]

export interface Condition {
  readonly type: ConditionType
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number
  /** RFC 3339, whole seconds. */
  readonly lastTransitionTime: string
}

export interface StatusFinding {
  readonly kind: RuleFinding['kind']
  readonly code: string
  readonly feature: string
  readonly path: string
  readonly message: string
}

/** The status of MeshConfig, MeshService, TrafficPolicy and AccessPolicy. */
export interface RuleStatus {
  readonly observedGeneration: number
  readonly conditions: readonly Condition[]
  readonly findings?: readonly StatusFinding[]
}

/** What is remembered of a status, of which there may be tens of thousands. */
export interface StatusTrace {
  /** The same for statuses that say the same. */
  readonly digest: string
  /** Its conditions without their messages, as text. */
  readonly conditions: string
}

export type PastCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'lastTransitionTime'>

/** Findings beyond these are counted only: a status is read by people. */
const mostFindings = 16
const longestMessage = 1024
const order: Readonly<Record<RuleFinding['kind'], number>> = {refused: 0, approximated: 1, ignored: 2}

/**
 * The status of a source by what all of its units report, in the same words whatever their order.
 *
 * @param before conditions as they are: one that says the same keeps its time
 * @param now RFC 3339, whole seconds
 */
export function statusOf(
  generation: number,
  reports: Iterable<Report>,
  before: readonly PastCondition[],
  now: string,
): RuleStatus {
  const all = [...reports]
  const findings = distinct(all.flatMap(({findings}) => findings))
  const meshes = [...new Set(all.map(({mesh}) => mesh))].sort()
  const parts = all.flatMap(({parts}) => parts)
  const verdicts = [accepted(findings), programmed(parts, meshes), approximated(findings, meshes)]
  return {
    observedGeneration: generation,
    conditions: verdicts.map((verdict) => {
      const known = before.find(({type}) => type === verdict.type)
      const lastTransitionTime = known?.status === verdict.status ? known.lastTransitionTime : now
      return {...verdict, message: shortened(verdict.message), observedGeneration: generation, lastTransitionTime}
    }),
    ...(findings.length === 0 ? {} : {findings: findings.slice(0, mostFindings)}),
  }
}

export function traceOf(status: RuleStatus): StatusTrace {
  const conditions = status.conditions.map(({type, status, reason, lastTransitionTime}) =>
    [type, status, reason, lastTransitionTime].join(' '),
  )
  return {digest: digestOf(status), conditions: conditions.join('\n')}
}

/** No condition has a space in any of these. */
export function pastConditions({conditions}: StatusTrace): readonly PastCondition[] {
  return conditions.split('\n').flatMap((line): PastCondition[] => {
    const [type, status, reason = '', lastTransitionTime = ''] = line.split(' ')
    const known = conditionTypes.find((each) => each === type)
    return known === undefined
      ? []
      : [{type: known, status: status === 'True' ? 'True' : 'False', reason, lastTransitionTime}]
  })
}

/** The status that an object carries; undefined where it carries none that we could have written. */
export function readStatus(value: unknown): RuleStatus | undefined {
  const result = statusShape.safeParse(value)
  return result.success ? result.data : undefined
}

const statusShape: z.ZodType<RuleStatus> = z.object({
  observedGeneration: z.number(),
  conditions: z.array(
    z.object({
      type: z.enum(conditionTypes),
      status: z.enum(['True', 'False']),
      reason: z.string(),
      message: z.string(),
      observedGeneration: z.number(),
      lastTransitionTime: z.string(),
    }),
  ),
  findings: z
    .array(
      z.object({
        kind: z.enum(['refused', 'approximated', 'ignored']),
        code: z.string(),
        feature: z.string(),
        path: z.string(),
        message: z.string(),
      }),
    )
    .exactOptional(),
})

type Verdict = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

function accepted(findings: readonly StatusFinding[]): Verdict {
  const refusals = findings.filter(({kind}) => kind === 'refused')
  const [first] = refusals
  if (first === undefined) {
    return {type: 'Accepted', status: 'True', reason: 'Accepted', message: 'The rule is valid.'}
  }
  return {type: 'Accepted', status: 'False', reason: reasonOf(first.code), message: sentence(first, refusals.length)}
}

/** Refusals that have a name of their own among reasons; `RefNotPermitted` is that of the Gateway API. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['MW6001', 'ServiceNotFound'],
  ['MW6002', 'Conflicted'],
  ['MW6004', 'VersionNotFound'],
  ['MW6005', 'Invalid'],
  ['MW6007', 'RefNotPermitted'],
  ['MW6012', 'Invalid'],
] satisfies [RuleCode, string][])

function reasonOf(code: string): string {
  // MW61xx to MW63xx are what a mesh cannot say.
  return reasons.get(code) ?? (/^MW6[123]/.test(code) ? 'Unsupported' : 'Refused')
}

function programmed(parts: readonly PartReport[], meshes: readonly MeshName[]): Verdict {
  const failures = parts.filter((part) => part.state === 'failed')
  const [failure] = failures.toSorted((a, b) => (a.message < b.message ? -1 : 1))
  if (failure !== undefined) {
    const {reason, message} = failure
    const more = new Set(failures.map(({message}) => message)).size - 1
    return {type: 'Programmed', status: 'False', reason, message: more > 0 ? `${message} (and ${more} more)` : message}
  }
  if (parts.some(({state}) => state === 'refused')) {
    const message = 'A part is refused: nothing of it is written, and what was written before stays.'
    return {type: 'Programmed', status: 'False', reason: 'Refused', message}
  }
  const message = parts.length === 0 ? 'There is nothing to write.' : `Everything is written for ${meshes.join(', ')}.`
  return {type: 'Programmed', status: 'True', reason: 'Programmed', message}
}

function approximated(findings: readonly StatusFinding[], meshes: readonly MeshName[]): Verdict {
  const losses = findings.filter(({kind}) => kind !== 'refused')
  const [first] = losses
  if (first === undefined) {
    const where = meshes.length === 0 ? '' : ` on ${meshes.join(', ')}`
    return {type: 'Approximated', status: 'False', reason: 'Exact', message: `Nothing is lost${where}.`}
  }
  const reason = first.kind === 'approximated' ? 'Approximated' : 'Ignored'
  return {type: 'Approximated', status: 'True', reason, message: sentence(first, losses.length)}
}

function sentence({code, path, message}: StatusFinding, count: number): string {
  const more = count > 1 ? ` (and ${count - 1} more, see findings)` : ''
  return `${code} ${path}: ${message}${more}`
}

/** Each finding once, the gravest first. */
function distinct(findings: readonly RuleFinding[]): StatusFinding[] {
  const byText = new Map<string, StatusFinding>()
  for (const {kind, code, feature, origin, message} of findings) {
    byText.set(`${order[kind]} ${origin.path} ${code} ${message}`, {
      kind,
      code,
      feature,
      path: shortened(origin.path),
      message: shortened(message),
    })
  }
  return [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding)
}

function shortened(text: string): string {
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage - 1)}…`
}
