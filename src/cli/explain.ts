import {Command, Option} from 'commander'
import {readOverrides} from '../admission/overrides.ts'
import {choose, unknownNamespace} from '../admission/review.ts'
import {findingCodes} from '../codes/findings.ts'
import {entryOf} from '../codes/table.ts'
import type {ResolvedConfiguration} from '../config/load.ts'
import {originOf, text} from '../config/render.ts'
import {at} from '../config/tree.ts'
import {stepsOf, type Step} from './explain-steps.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {isNamed, readLive, withLive, type LiveOptions} from './live-options.ts'
import type {LiveWorkload} from './live-workloads.ts'
import {admitAll, type Judged} from './manifest-admission.ts'
import {readInput} from './manifest-input.ts'
import {withAdmission, withManifests} from './manifest-options.ts'
import {stateFor} from './manifest-state.ts'
import {onOneLine, Report, table} from './report.ts'

interface ExplainOptions extends LiveOptions {
  readonly output: 'table' | 'json'
}

/** What the answer was given under; one of a cluster knows its pods. */
type Governed = Judged & Partial<Pick<LiveWorkload, 'pods'>> & {readonly resolved: ResolvedConfiguration | undefined}

/** Everything that led to the answer about one workload. */
interface Explanation {
  readonly name: string
  readonly namespace: string
  readonly mesh: string
  readonly decision: string
  readonly code: string
  readonly title: string
  readonly reason: string
  readonly fix: string
  readonly steps: readonly Step[]
  /** `meshwright.dev/` settings of the pod that were read. */
  readonly overrides: Readonly<Record<string, unknown>>
  readonly sidecars: readonly string[]
  readonly findings: readonly {readonly code: string; readonly key: string; readonly message: string}[]
  /** The settings that had a say, and where they were written. */
  readonly settings: readonly {readonly key: string; readonly value: string; readonly origin: string}[]
  /** Of a workload in a cluster: how many of its pods run, and how many of them have the sidecar. */
  readonly pods?: LiveWorkload['pods']
}

/** `explain`: every step of the decision about each workload. */
export function explainCommand(io: Io): Command {
  return withAdmission(
    withLive(
      withManifests(
        new Command('explain').description(
          'Say for a workload of a cluster (with -f: for each of the manifests) who spoke about its injection, what was decided, and what would change it. Exit code 1 where one is refused.',
        ),
      ),
    ),
  )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'))
    .action(async (name: string | undefined, options: ExplainOptions) => {
      const report = new Report(io)
      const all =
        options.filename === undefined ? await readLive(options, io, report) : await ofManifests(options, io, report)
      const chosen = all.filter((one) => isNamed(one, name))
      if (chosen.length === 0) {
        const where = options.filename === undefined ? 'in that namespace' : 'in the manifests'
        throw new Failure(`there is no ${name === undefined ? 'pod and no workload' : `workload ${name}`} ${where}`)
      }
      const explanations = chosen.map(explain)
      io.stdout.write(
        options.output === 'json' ? `${JSON.stringify(explanations, null, 2)}\n` : explanations.map(layout).join('\n'),
      )
      if (explanations.some(({decision}) => decision === 'refused')) throw new Failure('')
    })
}

async function ofManifests(options: ExplainOptions, io: Io, report: Report): Promise<readonly Governed[]> {
  const input = await readInput(options, io, report)
  const {admission, base} = await stateFor(options, input, io)
  return [...admitAll(input.documents, admission, input)]
    .filter(({workload}) => workload !== undefined)
    .map((one) => {
      const facts = one.state.objects.namespace(one.namespace) ?? unknownNamespace(one.namespace)
      return {...one, resolved: choose(facts, one.state) === one.state.base ? base : undefined}
    })
}

function explain({name, namespace, object, state, verdict, pods, resolved}: Governed): Explanation {
  const {decision, code, reason, mesh, findings, sidecars} = verdict
  const {title, fix} = entryOf(code)
  const facts = state.objects.namespace(namespace) ?? unknownNamespace(namespace)
  const prepared = choose(facts, state)
  const shaped = state.shapes.pod(object)
  const read = shaped.ok ? readOverrides(shaped.object.metadata.annotations, shaped.object.metadata.labels) : undefined
  const overrides = read?.ok === true ? read.overrides : {}
  const steps =
    shaped.ok && prepared !== undefined
      ? stepsOf({pod: shaped.object, namespace: facts, objects: state.objects, overrides}, prepared)
      : []
  return {
    name,
    namespace,
    mesh,
    decision: decision === 'injected' ? 'injected' : decision === 'refused' ? 'refused' : 'not injected',
    code,
    title,
    reason,
    fix,
    steps,
    overrides: {...overrides},
    sidecars,
    findings: findings.map(({kind, key, message}) => ({code: findingCodes[kind], key, message})),
    settings: resolved === undefined ? [] : settingsOf(resolved),
    ...(pods !== undefined && {pods}),
  }
}

const deciding = ['type', 'autoInject', 'injectionNamespace', 'enforced', 'sidecarImage', 'allowedImages', 'bounds']

function settingsOf({provenance}: ResolvedConfiguration): Explanation['settings'] {
  return deciding.flatMap((key) => {
    const node = at(provenance, ['mesh', key])
    return node === undefined ? [] : [{key: `mesh.${key}`, value: text(node), origin: originOf(node)}]
  })
}

function layout(explanation: Explanation): string {
  const {name, namespace, mesh, decision, code, reason, fix, steps, overrides, sidecars, findings, settings, pods} =
    explanation
  const heading = [`${name} in namespace ${namespace}, ${mesh}: ${decision}`, `  ${code} ${reason}`, `  fix: ${fix}`]
  const rows = steps.map(({rank, speaker, says, sentence, decides}) => [
    decides ? '→' : ' ',
    String(rank),
    speaker,
    says,
    sentence,
  ])
  const parts = [
    heading.map((line) => `${onOneLine(line)}\n`).join(''),
    rows.length === 0 ? '' : indented(table(['', '#', 'WHO', 'SAYS', 'WHY'], rows)),
    list('sidecars', sidecars),
    list('pods', pods === undefined ? [] : [`${pods.covered} of ${pods.running} that run have the sidecar`]),
    list(
      'overrides',
      Object.entries(overrides).map(([key, value]) => `${key}: ${String(value)}`),
    ),
    list(
      'settings',
      settings.map(({key, value, origin}) => `${key}: ${value}  ${origin}`),
    ),
    list(
      'findings',
      findings.map(({code, key, message}) => `${code} ${key}: ${message}`),
    ),
  ]
  return parts.join('')
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `  ${title}\n${lines.map((line) => `    ${onOneLine(line)}\n`).join('')}`
}

function indented(block: string): string {
  return block.replace(/^(?=.)/gm, '  ')
}
