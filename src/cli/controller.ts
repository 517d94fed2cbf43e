import {Command, Option} from 'commander'
import {meshNames} from '../mesh/mesh.ts'
import {logLevels} from '../obs/log.ts'
import {withCluster} from './cluster-options.ts'
import {withCertificates} from './controller-certificates.ts'
import {control, type ControllerOptions} from './controller-serve.ts'
import type {Io} from './io.ts'
import {durationValue, portValue, watchedFile} from './option-values.ts'

/** `controller`: keeps a cluster's mesh objects as the rules want them until it is told to stop. */
export function controllerCommand(io: Io): Command {
  return withCertificates(
    withCluster(
      new Command('controller').description(
        "Keep the mesh's own objects as the rules want them: MeshConfig, MeshService, TrafficPolicy, AccessPolicy. Of several replicas one writes, whichever holds the lease. Serves GET /livez, GET /readyz and GET /metrics where ports are given.",
      ),
    ),
  )
    .addOption(
      new Option('--config <file>', 'stands for the MeshConfig default where there is none (may be repeated)')
        .argParser((value: string, before: readonly string[]) => [...before, watchedFile(value)])
        .default([], 'none, which means the defaults'),
    )
    .option('--env <name>', 'the environment where no namespace label names one (default: $MESHWRIGHT_ENV)')
    .addOption(new Option('--mesh <mesh>', 'the mesh, in place of every mesh.type').choices(meshNames))
    .option(
      '--namespace <name>',
      "its own namespace, where the lease and the Secrets are (default: the pod's, else meshwright-system)",
    )
    .option('--namespace-for-lease <name>', 'where the lease is kept, where that is elsewhere')
    .addOption(
      new Option('--lease-duration <duration>', 'how long after its last sign of life another replica takes over')
        .argParser(durationValue(1000, 300_000, 'of whole seconds, at most 5m'))
        .default(15_000, '15s'),
    )
    .addOption(
      new Option('--resync <duration>', 'how often everything is looked through, changed or not')
        .argParser(durationValue(1000, 86_400_000, 'from 1s to 24h'))
        .default(600_000, '10m'),
    )
    .option('--host <host>', 'the address to listen on; in a cluster 0.0.0.0', '127.0.0.1')
    .addOption(
      new Option('--metrics-port <port>', 'serve GET /metrics over plain HTTP on this port').argParser(portValue),
    )
    .addOption(
      new Option('--health-port <port>', 'serve GET /livez and GET /readyz over plain HTTP on this port').argParser(
        portValue,
      ),
    )
    .addOption(new Option('--log-level <level>', 'the least important lines to log').choices(logLevels).default('info'))
    .action((options: ControllerOptions) => control(options, io))
}
