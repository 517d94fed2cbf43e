import {Command, InvalidArgumentError, Option} from 'commander'
import {parseDuration} from '../mesh/go/duration.ts'
import {meshNames} from '../mesh/mesh.ts'
import {logLevels} from '../obs/log.ts'
import type {Io} from './io.ts'
import type {WebhookOptions} from './webhook-options.ts'
import {serve} from './webhook-serve.ts'

/** `webhook`: serves admission until it is told to stop. */
export function webhookCommand(io: Io): Command {
  return new Command('webhook')
    .description(
      'Serve the admission webhook over HTTPS: POST /mutate, GET /readyz, GET /livez. Configuration, objects and certificates are watched; what cannot be used leaves the last good state in force.',
    )
    .addOption(
      new Option('--config <file>', 'a mesh configuration; later files patch earlier ones (may be repeated)')
        .argParser((value: string, before: readonly string[]) => [...before, file(value)])
        .default([], 'none, which means the defaults'),
    )
    .addOption(
      new Option(
        '--objects <file>',
        'a YAML stream of Namespaces, owners, ServiceAccounts, Secrets ... in place of a cluster',
      ).argParser(file),
    )
    .addOption(
      new Option(
        '--kubeconfig <file>',
        "read MeshConfigs, Namespaces, owners and the mesh's own settings from a cluster (default in a pod: the cluster it runs in)",
      ).conflicts('objects'),
    )
    .option('--context <name>', 'the context of the kubeconfig')
    .option('--cert-dir <directory>', 'where tls.crt and tls.key are; without it the webhook makes its own')
    .option('--host <host>', 'the address to listen on; in a cluster 0.0.0.0', '127.0.0.1')
    .addOption(new Option('--port <port>', 'the port to listen on; 0 takes any').argParser(port).default(8443))
    .addOption(new Option('--metrics-port <port>', 'serve GET /metrics over plain HTTP on this port').argParser(port))
    .addOption(
      new Option('--drain <duration>', 'how long to go on serving, not ready, once told to stop')
        .argParser(milliseconds)
        .default(0, '0s'),
    )
    .option('--env <name>', 'the environment of the configuration (default: $MESHWRIGHT_ENV)')
    .addOption(new Option('--mesh <mesh>', 'the mesh, in place of mesh.type').choices(meshNames))
    .addOption(new Option('--log-level <level>', 'the least important lines to log').choices(logLevels).default('info'))
    .addOption(
      new Option('--max-in-flight <number>', 'reviews that may wait at a time; beyond that, 429')
        .argParser(count)
        .default(512),
    )
    .action((options: WebhookOptions) => serve(options, io))
}

function file(value: string): string {
  if (value === '-') throw new InvalidArgumentError('The webhook watches its files, and standard input is none.')
  return value
}

function port(value: string): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.')
  return number
}

function count(value: string): number {
  const number = Number(value)
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new InvalidArgumentError('It must be a whole number from 1.')
  return number
}

const longest = 3_600_000

function milliseconds(value: string): number {
  const duration = Number(parseDuration(value) ?? -1n) / 1e6
  if (duration < 0 || duration > longest) {
    throw new InvalidArgumentError('It must be a duration with its unit, such as 5s, at most 1h.')
  }
  return duration
}
