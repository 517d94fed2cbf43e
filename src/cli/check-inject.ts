import {Argument, Command, Option} from 'commander'
import type {Verdict} from '../admission/review.ts'
import {entryOf} from '../codes/table.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {admitAll, type Admitted} from './manifest-admission.ts'
import {readInput} from './manifest-input.ts'
import {withAdmission, withManifests, type AdmissionOptions, type ManifestOptions} from './manifest-options.ts'
import {parseSelector} from './manifest-selector.ts'
import {stateFor} from './manifest-state.ts'
import {onOneLine, Report, table} from './report.ts'

interface CheckOptions extends ManifestOptions, AdmissionOptions {
  readonly allNamespaces?: boolean
  readonly selector?: string
  readonly output: 'table' | 'wide' | 'json' | 'name'
}

/** `check-inject`: coverage, one line for each workload. */
export function checkInjectCommand(io: Io): Command {
  return withAdmission(
    withManifests(
      new Command('check-inject')
        .description(
          'List which workloads of the manifests get a sidecar, which do not, why, and what would change it.',
        )
        .addArgument(new Argument('[name]', 'only this workload: user-service or deployment/user-service')),
    ),
  )
    .option('-A, --all-namespaces', 'workloads of every namespace')
    .option('-l, --selector <query>', 'only workloads whose labels fit, such as app=web,tier in (a,b)')
    .addOption(
      new Option('-o, --output <format>', 'output format').choices(['table', 'wide', 'json', 'name']).default('table'),
    )
    .action(async (name: string | undefined, options: CheckOptions) => {
      if (options.filename === undefined) {
        throw new Failure('reading a cluster arrives with the controller; until then give manifests with -f', 2)
      }
      const fits = options.selector === undefined ? () => true : parseSelector(options.selector)
      const report = new Report(io)
      const input = await readInput(options, io, report)
      const {admission} = await stateFor(options, input, io)
      const workloads = [...admitAll(input.documents, admission, input)].filter(
        ({name: full, namespace, workload}) =>
          workload !== undefined &&
          (name === undefined || name === full || name === workload.name) &&
          (options.namespace === undefined || options.allNamespaces === true || options.namespace === namespace) &&
          fits({metadata: workload.metadata}),
      )
      if (name !== undefined && workloads.length === 0)
        throw new Failure(`there is no workload ${name} in the manifests`)
      io.stdout.write(formats[options.output](workloads))
      const refused = workloads.filter(({verdict}) => verdict.decision === 'refused').length
      if (options.output === 'table' || options.output === 'wide') summarise(workloads, refused, report)
      if (refused > 0) throw new Failure('')
    })
}

const formats: Readonly<Record<CheckOptions['output'], (workloads: readonly Admitted[]) => string>> = {
  table: (workloads) => table(heading, workloads.map(row)),
  wide: (workloads) => table([...heading, 'MESH', 'SIDECARS', 'FIX'], workloads.map(wideRow)),
  json: (workloads) => `${JSON.stringify(workloads.map(plain), null, 2)}\n`,
  name: (workloads) => workloads.map(({name}) => `${onOneLine(name)}\n`).join(''),
}

const heading = ['NAMESPACE', 'WORKLOAD', 'INJECTED', 'CODE', 'REASON']

function row({namespace, name, verdict}: Admitted): string[] {
  return [namespace, name, coverage(verdict), verdict.code, verdict.reason]
}

/** What carries a sidecar already is covered too. */
function coverage({decision, code}: Verdict): 'yes' | 'no' | 'refused' {
  if (decision === 'refused') return 'refused'
  return decision === 'injected' || code === 'MW1115' ? 'yes' : 'no'
}

function wideRow(one: Admitted): string[] {
  const {mesh, sidecars, code} = one.verdict
  return [...row(one), mesh, sidecars.join(','), entryOf(code).fix]
}

function plain({namespace, name, verdict}: Admitted): object {
  const {code, reason, mesh, sidecars} = verdict
  const {title, fix} = entryOf(code)
  return {namespace, name, injected: coverage(verdict), code, title, reason, fix, mesh, sidecars}
}

function summarise(workloads: readonly Admitted[], refused: number, report: Report): void {
  const injected = workloads.filter(({verdict}) => coverage(verdict) === 'yes').length
  const rest = workloads.length - injected - refused
  const text = `${injected} of ${workloads.length} workloads are injected, ${rest} are not, ${refused} refused`
  report.line(refused > 0 ? 'failed' : rest > 0 ? 'attention' : 'done', text)
}
