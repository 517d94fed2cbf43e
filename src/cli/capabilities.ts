import {Command, Option} from 'commander'
import {featureNames, features} from '../intent/features.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import {ruleMeshes} from '../mesh/translators.ts'
import {capabilitiesPage} from './capabilities-page.ts'
import type {Io} from './io.ts'
import {table} from './report.ts'

interface CapabilitiesOptions {
  readonly mesh?: MeshName
  readonly output: 'table' | 'json' | 'markdown'
}

/** `capabilities`: what each mesh makes of everything that a rule can ask. */
export function capabilitiesCommand(io: Io): Command {
  return new Command('capabilities')
    .description('Print what each mesh makes of everything that a rule can ask: exactly, nearly, or not, and why.')
    .addOption(new Option('--mesh <mesh>', 'only this mesh (table and json)').choices(meshNames))
    .addOption(
      new Option('-o, --output <format>', 'output format').choices(['table', 'json', 'markdown']).default('table'),
    )
    .action(({mesh, output}: CapabilitiesOptions) => {
      const meshes = mesh === undefined ? meshNames : [mesh]
      io.stdout.write(formats[output](meshes))
    })
}

const formats: Readonly<Record<CapabilitiesOptions['output'], (meshes: readonly MeshName[]) => string>> = {
  table: (meshes) =>
    table(
      ['FEATURE', 'MESH', 'SUPPORT', 'HOW'],
      featureNames.flatMap((feature) =>
        meshes.map((mesh) => {
          const {support, note} = ruleMeshes[mesh].capabilities[feature]
          return [feature, mesh, support, note]
        }),
      ),
    ),
  json: (meshes) => {
    const rows = featureNames.map((feature) => ({
      feature,
      description: features[feature],
      meshes: Object.fromEntries(meshes.map((mesh) => [mesh, ruleMeshes[mesh].capabilities[feature]])),
    }))
    return `${JSON.stringify(rows, null, 2)}\n`
  },
  markdown: () => capabilitiesPage(),
}
