import {Command, Option} from 'commander'
import manifest from '../../package.json' with {type: 'json'}
import type {MeshName} from '../mesh/mesh.ts'
import type {Io} from './io.ts'
import {table} from './report.ts'

/** The release of each mesh whose injector ours equals. */
const matched: Readonly<Record<MeshName, string>> = {istio: '1.31', linkerd: '2.20', consul: 'consul-k8s 2.0.3'}

/** `version`: what runs here, and which version of each mesh its injector equals. */
export function versionCommand(io: Io): Command {
  return new Command('version')
    .description('Print the versions of Meshwright and of the meshes whose injectors it matches.')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .action(({output}: {output?: 'json'}) => {
      const {version} = manifest
      const node = process.versions.node
      if (output === 'json')
        io.stdout.write(`${JSON.stringify({meshwright: version, node, meshes: matched}, null, 2)}\n`)
      else io.stdout.write(table(['meshwright', version], [['node', node], ...Object.entries(matched)]))
    })
}
