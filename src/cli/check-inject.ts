import {Command, Option} from 'commander'
import type {Verdict} from '../admission/review.ts'
import {entryOf} from '../codes/table.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {isNamed, readLive, withLive, type LiveOptions} from './live-options.ts'
import type {LiveWorkload} from './live-workloads.ts'
import {admitAll, type Judged} from './manifest-admission.ts'
import {readInput} from './manifest-input.ts'
import {withAdmission, withManifests} from './manifest-options.ts'
import {parseSelector} from './manifest-selector.ts'
import {stateFor} from './manifest-state.ts'
import {onOneLine, Report, table} from './report.ts'

interface CheckOptions extends LiveOptions {
  readonly selector?: string
  readonly output: 'table' | 'wide' | 'json' | 'name'
}

/** One of a cluster knows its pods. */
type Row = Judged & Partial<Pick<LiveWorkload, 'pods'>>

/** `check-inject`: coverage, one line for each workload. */
export function checkInjectCommand(io: Io): Command {
  return withAdmission(
    withLive(
      withManifests(
        new Command('check-inject').description(
          'List which workloads of a cluster (with -f: of the manifests) get a sidecar, which do not, why, and what would change it. Exit code 1 where one is refused.',
        ),
      ),
    ),
  )
    .option('-l, --selector <query>', 'only workloads whose labels fit, such as app=web,tier in (a,b)')
    .addOption(
      new Option('-o, --output <format>', 'output format').choices(['table', 'wide', 'json', 'name']).default('table'),
    )
    .action(async (name: string | undefined, options: CheckOptions) => {
      const fits = options.selector === undefined ? () => true : parseSelector(options.selector)
      const report = new Report(io)
      const all =
        options.filename === undefined ? await readLive(options, io, report) : await ofManifests(options, io, report)
      const rows = all.filter(
        (one) => isNamed(one, name) && one.workload !== undefined && fits({metadata: one.workload.metadata}),
      )
      if (name !== undefined && rows.length === 0) {
        throw new Failure(`there is no workload ${name} ${options.filename ? 'in the manifests' : 'in that namespace'}`)
      }
      io.stdout.write(formats[options.output](rows))
      const refused = rows.filter(({verdict}) => verdict.decision === 'refused').length
      if (options.output === 'table' || options.output === 'wide') summarise(rows, refused, report)
      if (refused > 0) throw new Failure('')
    })
}

async function ofManifests(options: CheckOptions, io: Io, report: Report): Promise<readonly Row[]> {
  const input = await readInput(options, io, report)
  const {admission} = await stateFor(options, input, io)
  return [...admitAll(input.documents, admission, input)].filter(
    ({namespace, workload}) =>
      workload !== undefined &&
      (options.namespace === undefined || options.allNamespaces === true || options.namespace === namespace),
  )
}

const formats: Readonly<Record<CheckOptions['output'], (rows: readonly Row[]) => string>> = {
  table: (rows) => table(headingOf(rows), rows.map(row)),
  wide: (rows) => table([...headingOf(rows), 'MESH', 'SIDECARS', 'FIX'], rows.map(wideRow)),
  json: (rows) => `${JSON.stringify(rows.map(plain), null, 2)}\n`,
  name: (rows) => rows.map(({name}) => `${onOneLine(name)}\n`).join(''),
}

function headingOf(rows: readonly Row[]): string[] {
  const pods = rows.some(({pods}) => pods !== undefined) ? ['PODS'] : []
  return ['NAMESPACE', 'WORKLOAD', 'INJECTED', ...pods, 'CODE', 'REASON']
}

function row({namespace, name, verdict, pods}: Row): string[] {
  const running = pods === undefined ? [] : [`${pods.covered}/${pods.running}`]
  return [namespace, name, coverage(verdict), ...running, verdict.code, verdict.reason]
}

/** What carries a sidecar already is covered too. */
function coverage({decision, code}: Verdict): 'yes' | 'no' | 'refused' {
  if (decision === 'refused') return 'refused'
  return decision === 'injected' || code === 'MW1115' ? 'yes' : 'no'
}

function wideRow(one: Row): string[] {
  const {mesh, sidecars, code} = one.verdict
  return [...row(one), mesh, sidecars.join(','), entryOf(code).fix]
}

function plain({namespace, name, verdict, pods}: Row): object {
  const {code, reason, mesh, sidecars} = verdict
  const {title, fix} = entryOf(code)
  return {namespace, name, injected: coverage(verdict), code, title, reason, fix, mesh, sidecars, pods}
}

function summarise(rows: readonly Row[], refused: number, report: Report): void {
  const injected = rows.filter(({verdict}) => coverage(verdict) === 'yes')
  const rest = rows.length - injected.length - refused
  const text = `${injected.length} of ${rows.length} workloads are injected, ${rest} are not, ${refused} refused`
  report.line(refused > 0 ? 'failed' : rest > 0 ? 'attention' : 'done', text)
  const behind = injected.filter(({pods}) => pods !== undefined && pods.covered < pods.running)
  if (behind.length === 0) return
  const bare = behind.reduce((sum, {pods}) => sum + (pods === undefined ? 0 : pods.running - pods.covered), 0)
  const named = behind.slice(0, 3).map(({namespace, name}) => `${namespace} ${name}`)
  report.line(
    'attention',
    `${bare} running pods are older than that and have no sidecar; restart ${named.join(', ')}${behind.length > 3 ? ` and ${behind.length - 3} more` : ''}`,
  )
}
