import {readFile} from 'node:fs/promises'
import {resolve} from 'node:path'
import {text} from 'node:stream/consumers'
import {Option, type Command} from 'commander'
import manifest from '../../package.json' with {type: 'json'}
import {assignment, chooseValues, valuesOf, type ValuesLayer} from '../install/choose.ts'
import {highlyAvailable} from '../install/kustomize.ts'
import {usualNamespace} from '../install/names.ts'
import type {Release} from '../install/release.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'

/** What is installed, and where. */
export interface InstallOptions {
  readonly namespace: string
  readonly values: readonly string[]
  readonly set: readonly string[]
  readonly mesh?: MeshName
  readonly ha: boolean
}

const more = (value: string, before: readonly string[]) => [...before, value]

export function withOwnNamespace(command: Command): Command {
  return command.option('-n, --namespace <name>', "Meshwright's own namespace", usualNamespace)
}

export function withInstallation(command: Command): Command {
  return withOwnNamespace(command)
    .addOption(
      new Option('-f, --values <file>', "a file with values, as the chart's values.yaml has them (may be repeated)")
        .argParser(more)
        .default([], 'none'),
    )
    .addOption(
      new Option('--set <path=value>', 'one value, such as webhook.replicas=3 (may be repeated)')
        .argParser(more)
        .default([], 'none'),
    )
    .addOption(
      new Option('--mesh <mesh>', 'the one mesh of the cluster; the rights of the others are left out').choices(
        meshNames,
      ),
    )
    .option('--ha', 'three replicas of the webhook on three nodes, two of the controller', false)
}

/** @throws Failure where a file or a value cannot be used */
export async function releaseOf({namespace, values, set, mesh, ha}: InstallOptions, io: Io): Promise<Release> {
  const read: (ValuesLayer | string)[] = ha ? [{place: '--ha', values: highlyAvailable}] : []
  for (const file of values) read.push(valuesOf(file, await contentOf(file, io)))
  read.push(...set.map(assignment))
  if (mesh !== undefined) read.push({place: '--mesh', values: {mesh}})
  const layers = read.filter((layer) => typeof layer !== 'string')
  const chosen = chooseValues(layers)
  const problems = [...read.filter((layer) => typeof layer === 'string'), ...(chosen.ok ? [] : chosen.problems)]
  if (!chosen.ok || problems.length > 0) throw new Failure(`the values cannot be used\n${problems.join('\n')}`, 2)
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw new Failure(`${JSON.stringify(namespace)} cannot be the name of a namespace`, 2)
  }
  return {values: chosen.values, namespace, version: manifest.version}
}

async function contentOf(file: string, io: Io): Promise<string> {
  if (file === '-') return text(io.stdin)
  try {
    return await readFile(resolve(io.cwd, file), 'utf8')
  } catch (error) {
    throw new Failure(`${file}: ${reasonOf(error)}`, 2)
  }
}
