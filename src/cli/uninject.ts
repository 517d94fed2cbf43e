import {Command, Option} from 'commander'
import {patch, type Operation} from '../admission/patch.ts'
import {Shapes} from '../admission/shape.ts'
import {entryOf} from '../codes/table.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import type {Pod} from '../mesh/pod.ts'
import type {Values} from '../mesh/values.ts'
import {meshes} from '../mesh/registry.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {readInput, written, type OutputFormat} from './manifest-input.ts'
import {withManifests, type ManifestOptions} from './manifest-options.ts'
import {objectsOf, workloadOf, type Workload} from './manifest-workload.ts'
import {Report} from './report.ts'

interface UninjectOptions extends ManifestOptions {
  readonly output: OutputFormat
}

type Outcome =
  | {readonly ok: true; readonly taken: readonly MeshName[]; readonly operations: readonly Operation[]}
  | {readonly ok: false; readonly message: string}

/** `uninject`: manifests in, the same manifests without the sidecar of any mesh out. */
export function uninjectCommand(io: Io): Command {
  return withManifests(
    new Command('uninject').description(
      "Take every mesh's sidecar out of the pods of manifests. Everything else passes through as it is.",
    ),
  )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['yaml', 'json']).default('yaml'))
    .action(async (options: UninjectOptions) => {
      const report = new Report(io)
      const {documents} = await readInput(options, io, report)
      const shapes = new Shapes()
      let refused = 0
      for (const document of documents) {
        for (const {object, path} of objectsOf(document.value)) {
          const workload = workloadOf(object, path)
          if (workload === undefined) continue
          const name = `${workload.kind.toLowerCase()}/${workload.name}`
          const outcome = uninject(workload, shapes)
          if (!outcome.ok) {
            refused++
            report.line('failed', `${name} refused (MW2008: ${outcome.message}). ${entryOf('MW2008').fix}`)
          } else if (outcome.taken.length === 0) report.line('attention', `${name} carries no sidecar`)
          else report.line('done', `${name} uninjected (${outcome.taken.join(', ')})`)
          if (outcome.ok) document.edit(workload.path, outcome.operations)
        }
      }
      if (refused > 0) throw new Failure(`${refused} refused, so nothing was written`)
      io.stdout.write(written(documents, options.output))
    })
}

function uninject({template}: Workload, shapes: Shapes): Outcome {
  const shaped = shapes.pod({...template, metadata: template['metadata'] ?? {}})
  if (!shaped.ok) return {ok: false, message: shaped.message}
  const taken: MeshName[] = []
  let pod: Pod = shaped.object
  for (const mesh of meshNames) {
    const without = meshes[mesh].uninject(pod)
    if (without !== pod) taken.push(mesh)
    pod = without
  }
  if (taken.length === 0) return {ok: true, taken, operations: []}
  const metadata = withoutHusks(pod.metadata, ['labels', 'annotations'])
  const spec = withoutHusks(pod.spec, ['initContainers', 'volumes', 'imagePullSecrets'])
  const isBare = template['metadata'] === undefined && Object.keys(metadata).length === 0
  return {ok: true, taken, operations: patch(template, {...template, ...(!isBare && {metadata}), spec})}
}

/** Maps and lists that were there for the sidecar's sake only are not left behind empty. */
function withoutHusks(fields: Values, keys: readonly string[]): Values {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([key, value]) => !keys.includes(key) || typeof value !== 'object' || Object.keys(value ?? {}).length > 0,
    ),
  )
}
