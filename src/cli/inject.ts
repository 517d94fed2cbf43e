import {Command, Option} from 'commander'
import {environmentKey} from '../admission/review.ts'
import {entryOf} from '../codes/table.ts'
import type {Finding} from '../mesh/finding.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {admitAll, type Admitted} from './manifest-admission.ts'
import {readInput, written, type OutputFormat} from './manifest-input.ts'
import {withAdmission, withManifests, type AdmissionOptions, type ManifestOptions} from './manifest-options.ts'
import {stateFor, type ManifestState} from './manifest-state.ts'
import {Report} from './report.ts'

interface InjectOptions extends ManifestOptions, AdmissionOptions {
  readonly always?: boolean
  readonly output: OutputFormat
}

/** `inject`: manifests in, the same manifests with sidecars out; what was done and why on stderr. */
export function injectCommand(io: Io): Command {
  return withAdmission(
    withManifests(
      new Command('inject').description(
        'Add the sidecar to the pods of manifests, deciding as the webhook would. Everything else passes through as it is.',
      ),
    ),
  )
    .option('--always', 'as if every pod had opted in; opt-outs still count')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['yaml', 'json']).default('yaml'))
    .action(async (options: InjectOptions) => {
      const report = new Report(io)
      const input = await readInput(options, io, report)
      const state = await stateFor(options, input, io)
      const admitted = [...admitAll(input.documents, state.admission, {...input, always: options.always === true})]
      tellConfiguration(admitted, state, report)
      for (const one of admitted) tell(one, state, report)
      const refused = admitted.filter(({verdict}) => verdict.decision === 'refused')
      // Half a manifest applied is worse than none.
      if (refused.length > 0) throw new Failure(`${refused.length} refused, so nothing was written`)
      for (const {document, path, operations} of admitted) document.edit(path, operations)
      io.stdout.write(written(input.documents, options.output))
    })
}

/** Findings of the configuration are the same for every pod, so they are told once. */
function tellConfiguration(admitted: readonly Admitted[], state: ManifestState, report: Report): void {
  const {base, environments, objects} = state.admission
  const labelled = new Set(admitted.map(({namespace}) => objects.namespace(namespace)?.labels[environmentKey]))
  for (const [environment, findings] of state.findings) {
    if (findings.length === 0 || (environment !== undefined && !labelled.has(environment))) continue
    const {mesh} = environment === undefined ? base : (environments.get(environment) ?? base)
    report.line(
      'attention',
      `configuration for ${mesh}${environment === undefined ? '' : `, environment ${environment}`}`,
    )
    for (const finding of findings) report.finding(finding)
  }
}

function tell({name, verdict, workload}: Admitted, state: ManifestState, report: Report): void {
  const {decision, code, reason} = verdict
  const said = `(${code}: ${reason})`
  const findings = ownFindings(verdict.findings, state)
  if (decision === 'refused') report.line('failed', `${name} refused ${said}. ${entryOf(code).fix}`)
  else if (workload === undefined) {
    if (decision === 'annotated') report.line('done', `${name} annotated`)
  } else if (decision === 'injected')
    report.line(findings.length > 0 ? 'attention' : 'done', `${name} injected ${said}`)
  else if (code === 'MW1115') report.line('done', `${name} unchanged ${said}`)
  else report.line('attention', `${name} not injected${decision === 'annotated' ? ', but annotated' : ''} ${said}`)
  for (const finding of findings) report.finding(finding)
}

/** Those of the pod, without the configuration's. */
function ownFindings(findings: readonly Finding[], state: ManifestState): readonly Finding[] {
  const told = new Set([...state.findings.values()].flat())
  return findings.filter((finding) => !told.has(finding))
}
