import {Command, Option} from 'commander'
import {checkBeforehand} from '../check/beforehand.ts'
import {checkInstallation} from '../check/installation.ts'
import type {CheckResult} from '../check/result.ts'
import {KubeError} from '../kube/errors.ts'
import {connectTo, withCluster, type ClusterOptions} from './cluster-options.ts'
import {Failure} from './failure.ts'
import {releaseOf, withInstallation, type InstallOptions} from './install-options.ts'
import type {Io} from './io.ts'
import {onOneLine, Report, signFor, type Mark} from './report.ts'

interface Options extends InstallOptions, ClusterOptions {
  readonly pre: boolean
  readonly output: 'text' | 'json'
}

/** `check`: whether an installation is in order, or would be. */
export function checkCommand(io: Io): Command {
  return withCluster(
    withInstallation(
      new Command('check').description(
        'Look at an installation: kinds, replicas, registration, certificates, whether the API server reaches the webhook, which mesh is there, mesh injectors that are asked about the same namespaces, sidecars older than the settings. With --pre, whether the cluster would take one, with these values. Exit code 1 where something is bad.',
      ),
    ),
  )
    .option('--pre', 'before an installation', false)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: Options) => {
      const release = await releaseOf(options, io)
      const api = await connectTo(options, io)
      try {
        const results = options.pre
          ? await checkBeforehand(api, release)
          : await checkInstallation(api, release.namespace, new Date())
        io.stdout.write(options.output === 'json' ? `${JSON.stringify(results, null, 2)}\n` : textOf(results, io))
        const [bads, warnings] = (['bad', 'warning'] as const).map((each) =>
          results.filter(({state}) => state === each),
        )
        const summary = `${bads?.length} bad, ${warnings?.length} to look at, of ${results.length} looks`
        if (options.output === 'text') new Report(io).line(bads?.length === 0 ? 'done' : 'failed', summary)
        if (bads?.length !== 0) throw new Failure('')
      } catch (error) {
        if (error instanceof KubeError) throw new Failure(error.message)
        throw error
      } finally {
        await api.close()
      }
    })
}

const marks = {good: 'done', warning: 'attention', bad: 'failed'} as const satisfies Record<CheckResult['state'], Mark>

function textOf(results: readonly CheckResult[], io: Io): string {
  const areas = [...new Set(results.map(({about}) => about))]
  const lines = areas.flatMap((area) => [
    area,
    ...results
      .filter(({about}) => about === area)
      .flatMap(({state, message, hint}) => [
        `${signFor(marks[state], io.stdout, io)} ${onOneLine(message)}`,
        ...(hint === undefined ? [] : [`    ${onOneLine(hint)}`]),
      ]),
    '',
  ])
  return `${lines.join('\n')}\n`
}
