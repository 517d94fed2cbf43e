import {Command, Option} from 'commander'
import {stringify} from 'yaml'
import {namespaceObject, installedObjects} from '../install/objects.ts'
import type {Release} from '../install/release.ts'
import {KubeError} from '../kube/errors.ts'
import {connectTo, withCluster, type ClusterOptions} from './cluster-options.ts'
import {Failure} from './failure.ts'
import {foreignInstaller, install} from './install-apply.ts'
import {releaseOf, withInstallation, type InstallOptions} from './install-options.ts'
import type {Io} from './io.ts'
import {durationValue} from './option-values.ts'
import {Report} from './report.ts'

interface Options extends InstallOptions, ClusterOptions {
  readonly dryRun: boolean
  readonly wait: boolean
  /** Milliseconds. */
  readonly timeout: number
}

/** `install`: puts Meshwright into a cluster, or brings what is there to this version and these values. */
export function installCommand(io: Io): Command {
  return withCluster(
    withInstallation(
      new Command('install').description(
        'Put Meshwright into a cluster, or bring the installation there to this version and these values. The webhook is registered last, once it is ready, so that no pod waits for it. With --dry-run the objects are printed as YAML, no cluster is asked, and nothing is written.',
      ),
    ),
  )
    .option('--dry-run', 'print what would be applied, as YAML', false)
    .option('--no-wait', 'register the webhook without waiting for it')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for it')
        .argParser(durationValue(1000, 3_600_000, 'from 1s to 1h'))
        .default(180_000, '3m'),
    )
    .action(async (options: Options) => {
      const release = await releaseOf(options, io)
      if (options.dryRun) io.stdout.write(printed(release))
      else await apply(release, options, io)
    })
}

function printed(release: Release): string {
  const objects = [namespaceObject(release.namespace), ...installedObjects(release)]
  return objects.map((object) => stringify(object, {aliasDuplicateObjects: false, lineWidth: 0})).join('---\n')
}

async function apply(release: Release, options: Options, io: Io): Promise<void> {
  const api = await connectTo(options, io)
  try {
    const foreign = await foreignInstaller(api, release.namespace)
    if (foreign !== undefined) throw new Failure(foreign)
    await install(api, release, {report: new Report(io), ...(options.wait && {timeout: options.timeout})})
  } catch (error) {
    if (error instanceof KubeError) throw new Failure(error.message)
    throw error
  } finally {
    await api.close()
  }
}
