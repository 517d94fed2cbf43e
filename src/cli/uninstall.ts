import {setTimeout as sleep} from 'node:timers/promises'
import {Command, Option} from 'commander'
import {lookUp} from '../check/cluster-facts.ts'
import {Kinds, ruleKinds} from '../controller/kinds.ts'
import {unitKey} from '../controller/stamp.ts'
import {installKinds, keptKinds, titleOf} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import {namespaceObject} from '../install/objects.ts'
import type {KubeApi} from '../kube/api.ts'
import {KindMissingError, KubeError, NotFoundError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {ruleMeshes} from '../mesh/translators.ts'
import {connectTo, withCluster, type ClusterOptions} from './cluster-options.ts'
import {Failure} from './failure.ts'
import {everyObject, foreignInstaller, lookedUp, removed} from './install-apply.ts'
import {withOwnNamespace} from './install-options.ts'
import type {Io} from './io.ts'
import {durationValue} from './option-values.ts'
import {Report} from './report.ts'

interface Options extends ClusterOptions {
  readonly namespace: string
  readonly dryRun: boolean
  readonly rules?: 'delete' | 'keep'
  readonly only?: 'rules'
  /** Milliseconds. */
  readonly timeout: number
}

const written = new Kinds(Object.values(ruleMeshes)).all

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
        'rules: of it all, only the rules and what was made of them; for an installation that Helm or kubectl takes away afterwards',
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
  const [rules, made] = [await listed(api, ruleKinds), await listed(api, written, unitKey)]
  const installed: KubeObject[] = []
  for (const object of only === 'rules' ? [] : everyObject(namespace)) {
    if (object.kind === installKinds.crd.kind && fate === 'keep') continue
    if ((await lookedUp(api, object)) !== undefined) installed.push(object)
  }
  const isRegistration = ({kind}: KubeObject) => kind === installKinds.registration.kind
  // Backwards, but for what the API server calls.
  const order = [
    ...installed.filter(isRegistration),
    ...installed.filter((object) => !isRegistration(object)).reverse(),
  ]
  const going = fate === 'keep' ? [] : [...made, ...rules]
  if (dryRun) {
    for (const object of [
      ...order.filter(isRegistration),
      ...going,
      ...order.filter((object) => !isRegistration(object)),
    ]) {
      report.line('attention', `${titleOf(object)} would go`)
    }
    return
  }
  if (only === 'rules') {
    await removeRules(api, rules, {namespace, timeout, report})
    return
  }
  const foreign = await foreignInstaller(api, namespace)
  if (foreign !== undefined) throw new Failure(foreign)
  if (rules.length + made.length > 0 && fate === undefined) {
    for (const object of rules) report.line('attention', `${titleOf(object)} is a rule`)
    for (const object of made) report.line('attention', `${titleOf(object)} was made of a rule`)
    throw new Failure(
      `there are ${rules.length} rules, and ${made.length} objects made of them: --rules delete takes them away as well, --rules keep leaves them as they are; nothing was done`,
    )
  }
  for (const object of order.filter(isRegistration)) await remove(api, object, report)
  if (fate !== 'keep') await removeRules(api, rules, {namespace, timeout, report})
  for (const object of order.filter((object) => !isRegistration(object))) await remove(api, object, report)
  await removeKept(api, namespace, report)
}

async function remove(api: KubeApi, object: KubeObject, report: Report): Promise<void> {
  if (await removed(api, object)) report.line('done', `${titleOf(object)} is removed`)
}

/** The controller takes back what it wrote, in the order that the mesh needs; what it leaves is removed here. */
async function removeRules(
  api: KubeApi,
  rules: readonly KubeObject[],
  {namespace, timeout, report}: {namespace: string; timeout: number; report: Report},
): Promise<void> {
  for (const rule of rules) {
    if (await deleted(api, ruleKinds, rule)) report.line('done', `${titleOf(rule)} is removed`)
  }
  const controller = await lookUp(api, installKinds.deployment, {name: names.controller, namespace})
  const until = performance.now() + (controller === undefined ? 0 : timeout)
  let left = await listed(api, written, unitKey)
  while (left.length > 0 && performance.now() < until) {
    await sleep(500)
    left = await listed(api, written, unitKey)
  }
  for (const object of left.reverse()) {
    // Somebody else's object that we added to is not ours to delete.
    if (object.metadata?.labels?.['app.kubernetes.io/managed-by'] !== 'meshwright') {
      report.line('attention', `${titleOf(object)} is somebody else's, and keeps what Meshwright added to it`)
    } else if (await deleted(api, written, object)) report.line('done', `${titleOf(object)} is removed`)
  }
}

/** What the processes made, and the namespace where it is ours. */
async function removeKept(api: KubeApi, namespace: string, report: Report): Promise<void> {
  const kept: readonly (readonly [ResourceKind, string])[] = [
    [keptKinds.secret, names.certificateSecret],
    [keptKinds.secret, names.authoritySecret],
    [keptKinds.lease, names.controller],
  ]
  for (const [kind, name] of kept) {
    const object = {apiVersion: kind.apiVersion, kind: kind.kind, metadata: {name, namespace}}
    if (await deleted(api, [kind], object)) report.line('done', `${titleOf(object)} is removed`)
  }
  const own = await lookUp(api, installKinds.namespace, {name: namespace})
  if (own === undefined) return
  if (own.metadata?.labels?.['app.kubernetes.io/part-of'] === 'meshwright') {
    await remove(api, namespaceObject(namespace), report)
  } else report.line('attention', `Namespace ${namespace} was not made by install, and stays`)
}

async function deleted(api: KubeApi, kinds: readonly ResourceKind[], object: KubeObject): Promise<boolean> {
  const kind = kinds.find(({apiVersion, kind}) => apiVersion === object.apiVersion && kind === object.kind)
  if (kind === undefined) return false
  const {name = '', namespace} = object.metadata ?? {}
  try {
    await api.delete(kind, {name, ...(namespace !== undefined && {namespace})})
    return true
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof KindMissingError) return false
    throw error
  }
}

/** All objects of these kinds, in the order of the kinds; none of a kind that the cluster does not serve. */
async function listed(api: KubeApi, kinds: readonly ResourceKind[], labelSelector?: string): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  for (const kind of kinds) {
    try {
      for await (const {items} of api.list(kind, labelSelector === undefined ? {} : {labelSelector}))
        found.push(...items)
    } catch (error) {
      if (!(error instanceof KindMissingError)) throw error
    }
  }
  return found
}
