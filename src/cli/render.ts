import {Command, Option} from 'commander'
import {stringify} from 'yaml'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {Report} from './report.ts'
import {tellFindings} from './rule-findings.ts'
import {environmentFor, readRules} from './rule-input.ts'
import {withRules, type RuleOptions} from './rule-options.ts'
import {translate, type RenderedObject, type Rendering} from './rule-translation.ts'

interface RenderOptions extends RuleOptions {
  readonly output: 'yaml' | 'json'
}

/** `render`: rules in, the objects of one mesh out; what that mesh cannot say on stderr. */
export function renderCommand(io: Io): Command {
  return withRules(
    new Command('render').description(
      "Print the mesh's own objects for rules, in the order of application, with what of the rules the mesh cannot " +
        'say on stderr. Exit code 1 where something is refused: its objects are left out, all others are printed.',
    ),
  )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['yaml', 'json']).default('yaml'))
    .action(async (options: RenderOptions) => {
      const report = new Report(io)
      const input = await readRules(options, io)
      for (const remark of input.remarks) report.plain(remark)
      const environment = environmentFor(input, options, io)
      const rendering = translate(input, {mesh: options.mesh, environment})
      const refused = tellFindings(rendering.findings, report)
      for (const one of rendering.objects) tellContribution(one, report)
      summarise(rendering, refused, report)
      io.stdout.write(options.output === 'yaml' ? yamlStream(rendering.objects) : jsonList(rendering.objects))
      if (refused > 0) throw new Failure('')
    })
}

/** What is only a part of somebody else's object must not be taken for all of it. */
function tellContribution({object: {kind, metadata, spec}, mode}: RenderedObject, report: Report): void {
  if (mode !== 'contribute' || spec !== undefined) return
  const subject = `${kind} ${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
  report.line('attention', `${subject} is not in the input: apply its annotations with kubectl apply --server-side`)
}

function summarise({objects, findings}: Rendering, refused: number, report: Report): void {
  const counted = (of: string) => findings.filter(({kind}) => kind === of).length
  report.line(
    refused > 0 ? 'failed' : 'done',
    `objects: ${objects.length}; wishes approximated: ${counted('approximated')}, ignored: ${counted('ignored')}, refused: ${refused}`,
  )
}

/** Texts that YAML 1.1, which Kubernetes reads, would take for something else stand in quotes. */
const style = {version: '1.1', lineWidth: 0, aliasDuplicateObjects: false} as const

export function yamlStream(objects: readonly RenderedObject[]): string {
  return objects.map(({object}) => stringify(object, style)).join('---\n')
}

function jsonList(objects: readonly RenderedObject[]): string {
  return `${JSON.stringify({apiVersion: 'v1', kind: 'List', items: objects.map(({object}) => object)}, null, 4)}\n`
}
