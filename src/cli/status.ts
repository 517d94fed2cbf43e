import {Argument, Command, Option} from 'commander'
import {ruleKinds} from '../controller/kinds.ts'
import {KubeError} from '../kube/errors.ts'
import {watchKind} from '../kube/watch.ts'
import type {KubeApi} from '../kube/api.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {connectTo, withCluster, type ClusterOptions} from './cluster-options.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {Progress} from './progress.ts'
import {onOneLine, Report, table} from './report.ts'
import {untilStopped} from './serving.ts'
import {byName, cells, isTroubled, nameOfRule, plainStatus, statusHeading, wideHeading} from './status-rows.ts'

interface StatusOptions extends ClusterOptions {
  readonly namespace?: string
  readonly allNamespaces?: boolean
  readonly selector?: string
  readonly watch?: boolean
  readonly output: 'table' | 'wide' | 'json' | 'name'
}

/** `status`: what became of every rule, as the controller has written it into the objects. */
export function statusCommand(io: Io): Command {
  return withCluster(
    new Command('status')
      .description(
        'List the rules of a cluster with what became of them: whether they are accepted, written for the mesh, and what is lost. Exit code 1 where a rule is not in force.',
      )
      .addArgument(new Argument('[name]', 'only this rule: order-service or trafficpolicy/order-service')),
  )
    .option('-n, --namespace <name>', 'rules of this namespace (default: default)')
    .option('-A, --all-namespaces', 'rules of every namespace')
    .option('-l, --selector <query>', 'only rules whose labels fit, such as app=web,tier in (a,b)')
    .option('-w, --watch', 'go on, with a line for each change')
    .addOption(
      new Option('-o, --output <format>', 'output format').choices(['table', 'wide', 'json', 'name']).default('table'),
    )
    .action(async (name: string | undefined, options: StatusOptions) => {
      const api = await connectTo(options, io)
      try {
        if (options.watch === true) await follow(api, name, options, io)
        else await show(api, name, options, io)
      } catch (error) {
        if (error instanceof KubeError) throw new Failure(error.message)
        throw error
      } finally {
        await api.close()
      }
    })
}

async function show(api: KubeApi, name: string | undefined, options: StatusOptions, io: Io): Promise<void> {
  const progress = new Progress(io)
  const rules: KubeObject[] = []
  for (const kind of ruleKinds) {
    if (!kind.namespaced && !isClusterWide(options)) continue
    for await (const {items} of api.list(kind, selectionOf(kind.namespaced, options))) {
      rules.push(...items.filter((rule) => isNamed(rule, name)))
      progress.tell(`${rules.length} rules read`)
    }
  }
  progress.end()
  if (name !== undefined && rules.length === 0) throw new Failure(`there is no rule ${name}`)
  rules.sort(byName)
  io.stdout.write(formats[options.output](rules))
  const troubled = rules.filter(isTroubled).length
  if (options.output === 'table' || options.output === 'wide') {
    const text = `${rules.length - troubled} of ${rules.length} rules are in force`
    new Report(io).line(troubled > 0 ? 'failed' : 'done', text)
  }
  if (troubled > 0) throw new Failure('')
}

/** A line for each rule, and then for each change, until told to stop. */
async function follow(api: KubeApi, name: string | undefined, options: StatusOptions, io: Io): Promise<void> {
  const heading = options.output === 'wide' ? wideHeading : statusHeading
  const widths = heading.map((title) => title.length)
  const line = (row: readonly string[]) => {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
    const padded = row.map((cell, index) => onOneLine(cell).padEnd(widths[index] ?? 0))
    io.stdout.write(`${padded.join('   ').trimEnd()}\n`)
  }
  const isTable = options.output === 'table' || options.output === 'wide'
  if (isTable) line(heading)
  const told = new Map<string, string>()
  const report = new Report(io)
  const watches = ruleKinds
    .filter(({namespaced}) => namespaced || isClusterWide(options))
    .map((kind) =>
      watchKind(api, kind, selectionOf(kind.namespaced, options), {
        onSet: (rule) => {
          if (!isNamed(rule, name)) return
          const text = isTable ? JSON.stringify(cells(rule, true)) : formats[options.output]([rule])
          if (told.get(nameOfRule(rule)) === text) return
          told.set(nameOfRule(rule), text)
          if (isTable) line(cells(rule, options.output === 'wide'))
          else io.stdout.write(text)
        },
        onDelete: (rule) => {
          if (told.delete(nameOfRule(rule))) report.line('attention', `${nameOfRule(rule)} is gone`)
        },
        onSynced: () => undefined,
        onMissing: () => report.line('attention', `the cluster does not know the kind ${kind.kind}`),
        onStale: (_since, reason) => report.line('attention', reason.message),
      }),
    )
  await untilStopped(io)
  await Promise.all(watches.map((watch) => watch.stop()))
}

/** Cluster-wide rules are of no namespace, so that asking for one leaves them out. */
function isClusterWide({namespace, allNamespaces}: StatusOptions): boolean {
  return allNamespaces === true || namespace === undefined
}

function selectionOf(namespaced: boolean, {namespace = 'default', allNamespaces, selector}: StatusOptions) {
  return {
    ...(namespaced && allNamespaces !== true ? {namespace} : {}),
    ...(selector === undefined ? {} : {labelSelector: selector}),
  }
}

function isNamed(rule: KubeObject, name: string | undefined): boolean {
  if (name === undefined) return true
  const full = `${rule.kind?.toLowerCase() ?? ''}/${rule.metadata?.name ?? ''}`
  return name === rule.metadata?.name || name.toLowerCase() === full
}

const formats: Readonly<Record<StatusOptions['output'], (rules: readonly KubeObject[]) => string>> = {
  table: (rules) =>
    table(
      statusHeading,
      rules.map((rule) => cells(rule, false)),
    ),
  wide: (rules) =>
    table(
      wideHeading,
      rules.map((rule) => cells(rule, true)),
    ),
  json: (rules) => `${JSON.stringify(rules.map(plainStatus), null, 2)}\n`,
  name: (rules) => rules.map((rule) => `${onOneLine(nameOfRule(rule))}\n`).join(''),
}
