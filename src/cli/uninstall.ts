import {Command, Option} from 'commander'
import {lookUp} from '../check/cluster-facts.ts'
import {installedElsewhere} from '../check/elsewhere.ts'
import {installKinds, keptKinds, titleOf} from '../install/kinds.ts'
import {namespaceObject} from '../install/objects.ts'
import type {KubeApi} from '../kube/api.ts'
import {KubeError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {connectTo, withCluster, type ClusterOptions} from './cluster-options.ts'
import {Failure} from './failure.ts'
import {everyObject, foreignInstaller, isOurs, lookedUp, otherPlace, removed} from './install-apply.ts'
import {withOwnNamespace} from './install-options.ts'
import type {Io} from './io.ts'
import {keptObjects, othersIn} from './namespace-contents.ts'
import {durationValue} from './option-values.ts'
import {Report} from './report.ts'
import {controllerIn, deleted, listedMade, listedRules, removeRules} from './uninstall-rules.ts'

interface Options extends ClusterOptions {
  readonly namespace: string
  readonly dryRun: boolean
  readonly rules?: 'delete' | 'keep'
  readonly only?: 'rules'
  /** Milliseconds. */
  readonly timeout: number
}

/** `uninstall`: takes Meshwright out of a cluster, the webhook's registration first. */
export function uninstallCommand(io: Io): Command {
  return withCluster(
    withOwnNamespace(
      new Command('uninstall').description(
        "Take Meshwright out of a cluster: first the webhook's registration, so that no pod waits for what is about to go; then the rules and what became of them; then all the rest. Running pods keep their sidecars. Where there are rules it does nothing until --rules says what becomes of them.",
      ),
    ),
  )
    .option('--dry-run', 'say what would go, and leave it', false)
    .addOption(
      new Option(
        '--rules <fate>',
        "delete: rules, their kinds, and the mesh's objects that were made of them go too; keep: all of them stay",
      ).choices(['delete', 'keep']),
    )
    .addOption(
      new Option(
        '--only <part>',
        'rules: of it all, only the rules and what was made of them, and the controller is left without replicas, so that it writes nothing again; for an installation that Helm or kubectl takes away afterwards',
      ).choices(['rules']),
    )
    .addOption(
      new Option('--timeout <duration>', "how long the controller may take to take the mesh's objects back")
        .argParser(durationValue(1000, 3_600_000, 'from 1s to 1h'))
        .default(60_000, '1m'),
    )
    .action(async (options: Options) => {
      const api = await connectTo(options, io)
      try {
        await uninstall(api, options, new Report(io))
      } catch (error) {
        if (error instanceof KubeError) throw new Failure(error.message)
        throw error
      } finally {
        await api.close()
      }
    })
}

async function uninstall(api: KubeApi, options: Options, report: Report): Promise<void> {
  const {namespace, only, dryRun, timeout} = options
  const fate = only === 'rules' ? 'delete' : options.rules
  await refuseForeign(api, options)
  const [rules, made] = [await listedRules(api), await listedMade(api)]
  const installed: KubeObject[] = []
  for (const object of only === 'rules' ? [] : everyObject(namespace)) {
    if (object.kind === installKinds.crd.kind && fate === 'keep') continue
    const there = await lookedUp(api, object)
    if (there !== undefined && isOurs(there)) installed.push(object)
  }
  const isRegistration = ({kind}: KubeObject) => kind === installKinds.registration.kind
  // Backwards, but for what the API server calls.
  const [first, last] = [
    installed.filter(isRegistration),
    installed.filter((object) => !isRegistration(object)).reverse(),
  ]
  if (dryRun) {
    const going = fate === 'keep' ? [] : [...made, ...rules]
    const kept = only === 'rules' ? [] : await keptObjects(api, namespace)
    for (const object of [...first, ...going, ...last, ...kept]) {
      report.line('attention', `${titleOf(object)} would go`)
    }
    if (only === 'rules') report.line('attention', `${titleOf(controllerIn(namespace))} would have no replicas`)
    else await removeNamespace(api, options, report, new Set(going.map(titleOf)))
    return
  }
  if (only !== 'rules' && rules.length + made.length > 0 && fate === undefined) {
    for (const object of rules) report.line('attention', `${titleOf(object)} is a rule`)
    for (const object of made) report.line('attention', `${titleOf(object)} was made of a rule`)
    throw new Failure(
      `there are ${rules.length} rules, and ${made.length} objects made of them: --rules delete takes them away as well, --rules keep leaves them as they are; nothing was done`,
    )
  }
  for (const object of first) await remove(api, object, report)
  if (fate !== 'keep') await removeRules(api, rules, {namespace, timeout, report})
  if (only === 'rules') return
  for (const object of last) await remove(api, object, report)
  for (const object of await keptObjects(api, namespace)) {
    if (await deleted(api, Object.values(keptKinds), object)) report.line('done', `${titleOf(object)} is removed`)
  }
  await removeNamespace(api, options, report)
}

/** What is of another namespace's installation, or of another installer, is not taken apart from here. */
async function refuseForeign(api: KubeApi, {namespace, only}: Options): Promise<void> {
  const elsewhere = await installedElsewhere(api, namespace)
  // The rules of Helm's installation are ours to remove.
  const foreign = only === 'rules' ? elsewhere && otherPlace(elsewhere) : await foreignInstaller(api, namespace)
  if (foreign !== undefined) throw new Failure(foreign)
}

async function remove(api: KubeApi, object: KubeObject, report: Report): Promise<void> {
  if (await removed(api, object)) report.line('done', `${titleOf(object)} is removed`)
}

/** The namespace goes where `install` made it, and nobody else keeps anything in it. */
async function removeNamespace(
  api: KubeApi,
  {namespace, dryRun}: Options,
  report: Report,
  going?: ReadonlySet<string>,
): Promise<void> {
  const own = await lookUp(api, installKinds.namespace, {name: namespace})
  if (own === undefined) return
  const others = isOurs(own) ? await othersIn(api, namespace, going) : []
  if (!isOurs(own)) report.line('attention', `Namespace ${namespace} was not made by install, and stays`)
  else if (others.length > 0) report.line('attention', `Namespace ${namespace} holds ${others.join(', ')}, and stays`)
  else if (dryRun) report.line('attention', `Namespace ${namespace} would go`)
  else await remove(api, namespaceObject(namespace), report)
}
