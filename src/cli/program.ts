import {Command, CommanderError} from 'commander'
import manifest from '../../package.json' with {type: 'json'}
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'
import {printable} from './report.ts'

interface Entry {
  readonly name: string
  readonly summary: string
  /** Loads the command's module: `webhook` is up sooner for not parsing what only `inject` needs. */
  readonly load: (io: Io) => Promise<Command>
}

const entries: readonly Entry[] = [
  {
    name: 'webhook',
    summary: 'serve the admission webhook over HTTPS',
    load: async (io) => (await import('./webhook.ts')).webhookCommand(io),
  },
  {
    name: 'controller',
    summary: "keep the mesh's own objects as the rules want them",
    load: async (io) => (await import('./controller.ts')).controllerCommand(io),
  },
  {
    name: 'inject',
    summary: 'add the sidecar to manifests, as the webhook would',
    load: async (io) => (await import('./inject.ts')).injectCommand(io),
  },
  {
    name: 'uninject',
    summary: 'take the sidecar out of manifests again',
    load: async (io) => (await import('./uninject.ts')).uninjectCommand(io),
  },
  {
    name: 'explain',
    summary: 'say step by step why a pod is injected or not',
    load: async (io) => (await import('./explain.ts')).explainCommand(io),
  },
  {
    name: 'check-inject',
    summary: 'list which workloads get a sidecar, which do not, and why',
    load: async (io) => (await import('./check-inject.ts')).checkInjectCommand(io),
  },
  {
    name: 'render',
    summary: "print the mesh's own objects for rules",
    load: async (io) => (await import('./render.ts')).renderCommand(io),
  },
  {
    name: 'validate',
    summary: 'check rules and say what each mesh would make of them',
    load: async (io) => (await import('./validate.ts')).validateCommand(io),
  },
  {
    name: 'capabilities',
    summary: 'print what each mesh makes of everything that a rule can ask',
    load: async (io) => (await import('./capabilities.ts')).capabilitiesCommand(io),
  },
  {
    name: 'config',
    summary: 'render, compare and explain the mesh configuration',
    load: async (io) => (await import('./config.ts')).configCommand(io),
  },
  {
    name: 'init',
    summary: 'write a configuration to begin with, and the lines that give an application app.mesh',
    load: async (io) => (await import('./init.ts')).initCommand(io),
  },
  {
    name: 'dev',
    summary: 'run a command on this machine whose calls follow the rules',
    load: async (io) => (await import('./dev.ts')).devCommand(io),
  },
  {
    name: 'status',
    summary: 'list the rules of a cluster and what became of them',
    load: async (io) => (await import('./status.ts')).statusCommand(io),
  },
  {
    name: 'diff',
    summary: "show what rules would change of a cluster's mesh objects",
    load: async (io) => (await import('./diff.ts')).diffCommand(io),
  },
  {
    name: 'install',
    summary: 'put Meshwright into a cluster, or upgrade it there',
    load: async (io) => (await import('./install.ts')).installCommand(io),
  },
  {
    name: 'uninstall',
    summary: 'take Meshwright out of a cluster',
    load: async (io) => (await import('./uninstall.ts')).uninstallCommand(io),
  },
  {
    name: 'check',
    summary: 'look whether an installation is in order, or would be',
    load: async (io) => (await import('./check.ts')).checkCommand(io),
  },
  {
    name: 'certs',
    summary: "make, show and rotate the webhook's certificates",
    load: async (io) => (await import('./certs.ts')).certsCommand(io),
  },
  {
    name: 'version',
    summary: 'print the versions of Meshwright and of the meshes it matches',
    load: async (io) => (await import('./version.ts')).versionCommand(io),
  },
  {
    name: 'completion',
    summary: 'print a completion script for a shell',
    load: async (io) => (await import('./completion.ts')).completionCommand(io, () => build(io, () => true)),
  },
]

/**
 * Runs one command line (without the interpreter and the script). The exit code: 0 fine, findings included; 1 refused
 * or different; 2 the command line itself is wrong. Never throws.
 */
export async function run(args: readonly string[], io: Io): Promise<0 | 1 | 2> {
  const named = args.filter((arg) => !arg.startsWith('-'))
  try {
    const program = await build(io, (name) => name === named[0] || (named[0] === 'help' && name === named[1]))
    await program.parseAsync(args, {from: 'user'})
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof Failure) {
      if (error.message !== '') io.stderr.write(`meshwright: ${printable(error.message)}\n`)
      return error.exitCode
    }
    const {MESHWRIGHT_DEBUG: debug} = io.env
    const stack = error instanceof Error ? error.stack : undefined
    if (debug !== undefined && debug !== '' && stack !== undefined) io.stderr.write(`${stack}\n`)
    else io.stderr.write(`meshwright: ${printable(reasonOf(error))} (MESHWRIGHT_DEBUG=1 shows where)\n`)
    return 1
  }
}

/** The command tree; commands that `wanted` leaves out are there in name only, for help and for suggestions. */
async function build(io: Io, wanted: (name: string) => boolean): Promise<Command> {
  const program = new Command('meshwright')
    .description('One mesh configuration, any mesh: injects the sidecar of Istio, Linkerd or Consul.')
    .version(manifest.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  for (const {name, summary, load} of entries) {
    if (wanted(name)) program.addCommand(adopt((await load(io)).summary(summary), program))
    else program.command(name).description(summary)
  }
  return program
}

/** Commands made in their own modules do not know the program's output and exit rules yet. */
function adopt(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent)
  for (const below of command.commands) adopt(below, command)
  return command
}
