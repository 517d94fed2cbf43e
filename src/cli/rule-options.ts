import {type Command, Option} from 'commander'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import {repeated} from './manifest-options.ts'

/** Which rules, and under which configuration. */
export interface RuleOptions {
  readonly filename?: readonly string[]
  readonly recursive: boolean
  readonly namespace?: string
  readonly config?: readonly string[]
  readonly mesh?: MeshName
  readonly env?: string
}

/** Rules make one answer together, so that directories are read whole unless told otherwise. */
export function withRules(command: Command): Command {
  return command
    .addOption(
      new Option(
        '-f, --filename <path>',
        'rules and what they are about: a file, a directory of them, or - for stdin (may be repeated)',
      ).argParser(repeated),
    )
    .option('-R, --recursive', 'read directories with all that is below them (the default)', true)
    .option('--no-recursive', 'read of a directory only what is in it')
    .option('-n, --namespace <name>', 'the namespace of objects that name none (default: default)')
    .addOption(
      new Option('--config <file>', 'a mesh configuration; later files patch earlier ones (may be repeated)').argParser(
        repeated,
      ),
    )
    .addOption(new Option('--mesh <mesh>', 'the mesh, in place of mesh.type').choices(meshNames))
    .option('--env <name>', 'the environment of the configuration (default: $MESHWRIGHT_ENV)')
}
