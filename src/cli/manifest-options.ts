import {type Command, Option} from 'commander'
import {meshNames, type MeshName} from '../mesh/mesh.ts'

/** Which manifests. */
export interface ManifestOptions {
  readonly filename?: readonly string[]
  readonly recursive?: boolean
  readonly namespace?: string
}

/** Under which configuration they are looked at. */
export interface AdmissionOptions {
  readonly config?: readonly string[]
  readonly objects?: string
  readonly mesh?: MeshName
  readonly env?: string
}

export function withManifests(command: Command): Command {
  return command
    .addOption(
      new Option(
        '-f, --filename <path>',
        'a manifest, a directory of them, or - for stdin (may be repeated)',
      ).argParser(repeated),
    )
    .option('-R, --recursive', 'read directories with all that is below them')
    .option('-n, --namespace <name>', 'the namespace of objects that name none (default: default)')
}

export function withAdmission(command: Command): Command {
  return command
    .addOption(
      new Option('--config <file>', 'a mesh configuration; later files patch earlier ones (may be repeated)').argParser(
        repeated,
      ),
    )
    .option('--objects <file>', 'a YAML stream of what else the cluster holds: Namespaces, owners, Secrets ...')
    .addOption(new Option('--mesh <mesh>', 'the mesh, in place of mesh.type').choices(meshNames))
    .option('--env <name>', 'the environment of the configuration (default: $MESHWRIGHT_ENV)')
}

/** For an option that may be given more than once. */
export function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}
