import {Argument, Command, Option} from 'commander'
import {chosenEnvironment} from '../config/choose.ts'
import {explain, type Explanation} from '../config/explain.ts'
import {configurationJsonSchema} from '../config/json-schema.ts'
import type {LoadedConfiguration, ResolvedConfiguration} from '../config/load.ts'
import {locateProblems} from '../config/locate.ts'
import {dotted, formatProblems, type ConfigProblem} from '../config/problem.ts'
import {differences, originOf, renderYaml, text, type Difference} from '../config/render.ts'
import {plain, type Tree} from '../config/tree.ts'
import {loadFiles} from '../config/watch.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {printable, Report} from './report.ts'

interface ConfigOptions {
  readonly config: readonly string[]
  readonly mesh?: MeshName
  readonly env?: string
}

/** `config render | diff | explain | schema`: what the configuration says, and who says so. */
export function configCommand(io: Io): Command {
  const command = new Command('config').description('Render, compare and explain the mesh configuration.')
  command.addCommand(renderCommand(io))
  command.addCommand(diffCommand(io))
  command.addCommand(explainCommand(io))
  command.addCommand(
    new Command('schema')
      .description('Print the JSON Schema of a configuration file, for completion in an editor.')
      .action(() => void io.stdout.write(`${JSON.stringify(configurationJsonSchema(), null, 2)}\n`)),
  )
  return command
}

function renderCommand(io: Io): Command {
  return reading(new Command('render'))
    .description('Print the configuration of an environment, each value with its file, line and layer.')
    .option('--env <name>', 'the environment; default: MESHWRIGHT_ENV, else the base')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['yaml', 'json']).default('yaml'))
    .action(async (options: ConfigOptions & {output: 'yaml' | 'json'}) => {
      const loaded = await load(io, options)
      const resolved = resolve(io, loaded, options, chosenEnvironment(options.env, io.env))
      const {provenance} = resolved
      io.stdout.write(
        options.output === 'json' ? `${JSON.stringify(plain(provenance), null, 2)}\n` : renderYaml(provenance),
      )
      await tellFindings(io, resolved)
    })
}

function diffCommand(io: Io): Command {
  return reading(new Command('diff'))
    .description('Print what differs between two environments; exit code 1 where something does.')
    .requiredOption('--env <a..b>', 'two environments; an empty name is the base, as in ..production')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .action(async (options: ConfigOptions & {env: string; output?: 'json'}) => {
      const dots = options.env.indexOf('..')
      if (dots < 0) throw new Failure('--env takes two environments here, such as staging..production', 2)
      const loaded = await load(io, options)
      const [from, to] = [options.env.slice(0, dots), options.env.slice(dots + 2)].map((name) =>
        resolve(io, loaded, options, name === '' ? undefined : name),
      )
      if (from === undefined || to === undefined) return
      const found = differences(from.provenance, to.provenance)
      if (options.output === 'json') io.stdout.write(`${JSON.stringify(found.map(plainDifference), null, 2)}\n`)
      else if (found.length > 0) {
        io.stdout.write(`--- ${from.environment ?? 'base'}\n+++ ${to.environment ?? 'base'}\n`)
        for (const difference of found) io.stdout.write(diffLines(difference))
      }
      if (found.length > 0) throw new Failure('', 1)
    })
}

function explainCommand(io: Io): Command {
  return reading(new Command('explain'))
    .description('Say what a key means, who sets it to what, and what each mesh does with it.')
    .addArgument(new Argument('<key>', 'a key in any spelling, such as mesh.telemetry.samplingRate'))
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .action(async (key: string, options: ConfigOptions & {output?: 'json'}) => {
      const explained = explain(key, await load(io, options))
      if (!explained.ok) throw new Failure(explained.message, 2)
      const {explanation} = explained
      io.stdout.write(
        options.output === 'json'
          ? `${JSON.stringify(explanation, null, 2)}\n`
          : printable(explanationText(explanation)),
      )
    })
}

/** The options of every command that reads a configuration. */
function reading(command: Command): Command {
  return command
    .option(
      '--config <file>',
      'a configuration file, or - for standard input; repeat it, and later files patch earlier ones',
      (file: string, files: readonly string[]) => [...files, file],
      [],
    )
    .addOption(new Option('--mesh <mesh>', 'the mesh, whatever mesh.type says').choices(meshNames))
}

async function load(io: Io, {config}: ConfigOptions): Promise<LoadedConfiguration> {
  const result = await loadFiles(config, io)
  return result.ok ? result.loaded : refuse(io, result.problems)
}

function resolve(
  io: Io,
  loaded: LoadedConfiguration,
  {mesh}: ConfigOptions,
  environment: string | undefined,
): ResolvedConfiguration {
  const resolution = loaded.resolve(environment, {mesh})
  return resolution.ok ? resolution.resolved : refuse(io, resolution.problems)
}

function refuse(io: Io, problems: readonly ConfigProblem[]): never {
  io.stderr.write(`${printable(formatProblems(problems))}\n`)
  throw new Failure('', 1)
}

/** What the mesh makes of it, on stderr: the findings, or why it cannot use it. No cluster is asked. */
async function tellFindings(io: Io, resolved: ResolvedConfiguration): Promise<void> {
  const {prepare} = await import('../admission/prepare.ts')
  const preparation = prepare(resolved.configuration, {get: () => undefined, namespace: () => undefined})
  if (!preparation.ok) refuse(io, locateProblems(resolved, preparation.problems))
  const report = new Report(io)
  for (const finding of [...resolved.findings, ...preparation.prepared.injector.findings]) report.finding(finding)
}

function diffLines({path, from, to}: Difference): string {
  const line = (sign: string, tree: Tree | undefined) =>
    tree === undefined ? '' : printable(`${sign}${dotted(path)}: ${text(tree)}  # ${originOf(tree)}`) + '\n'
  return line('-', from) + line('+', to)
}

function plainDifference({path, from, to}: Difference): object {
  return {key: dotted(path), from: from && side(from), to: to && side(to)}
}

function side(tree: Tree): object {
  return {value: plain(tree), origin: originOf(tree)}
}

function explanationText(explanation: Explanation): string {
  const {key, type, default: fallback, description, setBy, otherSpellings, keys, effect, values} = explanation
  const head: (readonly [string, string])[] = [
    ['KEY', key],
    ['TYPE', type],
    ['DEFAULT', fallback ?? ''],
    ['SET BY', setBy],
    ['ALSO WRITTEN', otherSpellings.join(', ')],
  ]
  const sections = [
    head
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${`${name}:`.padEnd(14)}${value}\n`)
      .join(''),
    `${description}\n`,
    section(
      'KEYS',
      keys.map((name) => [name]),
    ),
    section(
      'VALUES',
      values.map(({environment, value, origin}) => [environment ?? 'base', value, origin]),
    ),
    section('ON EACH MESH', effect === undefined ? [] : meshNames.map((mesh) => [mesh, effect[mesh]])),
  ]
  return sections.filter((text) => text.trim() !== '').join('\n')
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
  return `${title}:\n${lines.join('\n')}\n`
}
