import {Command, Option} from 'commander'
import type {Source} from '../intent/origin.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {Report, table} from './report.ts'
import {tellFindings} from './rule-findings.ts'
import {environmentFor, readRules} from './rule-input.ts'
import {withRules, type RuleOptions} from './rule-options.ts'
import {translate} from './rule-translation.ts'

interface ValidateOptions extends RuleOptions {
  readonly output: 'table' | 'json'
}

type Outcome = 'exact' | RuleFinding['kind']

interface Judgement {
  readonly mesh: MeshName
  readonly findings: readonly RuleFinding[]
}

/** `validate`: what would become of rules on each mesh, without their objects. */
export function validateCommand(io: Io): Command {
  return withRules(
    new Command('validate').description(
      'Check rules and say what each mesh would make of them. --mesh asks about one mesh only; exit code 1 where a mesh ' +
        'that was asked about refuses something.',
    ),
  )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'))
    .action(async (options: ValidateOptions) => {
      const report = new Report(io)
      const input = await readRules(options, io)
      for (const remark of input.remarks) report.plain(remark)
      const environment = environmentFor(input, options, io)
      const asked = options.mesh === undefined ? meshNames : [options.mesh]
      const judged = asked.map((mesh) => ({mesh, ...translate(input, {mesh, environment})}))
      const sources = judged[0]?.sources ?? []
      const refused = judged.map(({mesh, findings}) => tellFindings(findings, report, `${mesh}: `))
      io.stdout.write(options.output === 'table' ? asTable(sources, judged) : asJson(sources, judged))
      if (refused.some((count) => count > 0)) throw new Failure('')
    })
}

function asTable(sources: readonly Source[], judged: readonly Judgement[]): string {
  const rows = sources.map((source) => [
    source.kind,
    source.namespace,
    source.name,
    ...judged.map(({findings}) => outcome(about(source, findings))),
  ])
  return table(['KIND', 'NAMESPACE', 'NAME', ...judged.map(({mesh}) => mesh.toUpperCase())], rows)
}

function asJson(sources: readonly Source[], judged: readonly Judgement[]): string {
  const rules = sources.map((source) => ({
    ...source,
    meshes: Object.fromEntries(
      judged.map(({mesh, findings}) => {
        const own = about(source, findings)
        const told = own.map(({origin: {place, path}, ...finding}) => ({...finding, place, path}))
        return [mesh, {outcome: outcome(own), findings: told}]
      }),
    ),
  }))
  return `${JSON.stringify(rules, null, 2)}\n`
}

function about({kind, namespace, name}: Source, findings: readonly RuleFinding[]): readonly RuleFinding[] {
  return findings.filter(
    ({origin: {source}}) => source.kind === kind && source.namespace === namespace && source.name === name,
  )
}

/** The worst that became of any part of it. */
function outcome(findings: readonly RuleFinding[]): Outcome {
  const kinds = new Set(findings.map(({kind}) => kind))
  return (['refused', 'ignored', 'approximated'] as const).find((kind) => kinds.has(kind)) ?? 'exact'
}
