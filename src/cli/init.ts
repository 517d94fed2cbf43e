import {mkdir, writeFile} from 'node:fs/promises'
import {basename, dirname, relative, resolve} from 'node:path'
import {Command, Option} from 'commander'
import {loadConfiguration} from '../config/load.ts'
import {formatProblems} from '../config/problem.ts'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import {Failure, reasonOf} from './failure.ts'
import {linesToAdd, serverFile, startingConfiguration, startingServer} from './init-files.ts'
import {exists, frameworks, projectIn, type Framework} from './init-project.ts'
import type {Io} from './io.ts'

interface InitOptions {
  readonly dir: string
  readonly output: string
  readonly mesh: MeshName
  readonly framework?: Framework
  readonly force: boolean
  readonly dryRun: boolean
}

/** `init`: a configuration to begin with, and what gives an application `app.mesh`. */
export function initCommand(io: Io): Command {
  return new Command('init')
    .description(
      'Write a mesh configuration to begin with, and print the few lines that give an application app.mesh: for Fastify, ' +
        'Express or plain Node, whichever package.json names. A project without a server gets one that has them.',
    )
    .option('--dir <directory>', 'where package.json is', '.')
    .option('-o, --output <file>', 'where to write the configuration, from there', 'mesh.yaml')
    .addOption(new Option('--mesh <mesh>', 'the mesh of the cluster').choices(meshNames).default('istio'))
    .addOption(
      new Option('--framework <name>', 'what the application is served by (default: as package.json says)').choices(
        frameworks,
      ),
    )
    .option('--force', 'overwrite a configuration that is there', false)
    .option('--dry-run', 'print what would be written, and write nothing', false)
    .action((options: InitOptions) => init(options, io))
}

async function init({dir, output, mesh, framework, force, dryRun}: InitOptions, io: Io): Promise<void> {
  const folder = resolve(io.cwd, dir)
  const found = await projectIn(folder)
  const project = framework === undefined ? found : {...found, framework}
  const configuration = resolve(folder, output)
  const named = relative(folder, configuration)
  const text = startingConfiguration(project, mesh)
  const loading = loadConfiguration([{file: named, text}])
  if (!loading.ok) throw new Failure(formatProblems(loading.problems))
  if (!force && !dryRun && (await exists(configuration))) {
    throw new Failure(`${output} is there already; --force overwrites it, -o writes elsewhere`)
  }
  const files = [{path: configuration, text}]
  // A server that is there is never touched.
  const server = resolve(folder, serverFile(project))
  const isNew = project.entry === undefined
  if (isNew) files.push({path: server, text: startingServer(project, named)})

  for (const file of files) {
    const name = relative(folder, file.path)
    if (dryRun) io.stdout.write(`# ${name}\n${file.text}\n`)
    else {
      await write(file.path, file.text)
      io.stderr.write(`wrote ${name}\n`)
    }
  }
  if (!isNew) {
    io.stderr.write(
      `${project.framework === 'none' ? 'neither Fastify nor Express' : project.framework} in package.json; `,
    )
    io.stderr.write(`add to ${project.entry}:\n`)
    io.stdout.write(linesToAdd(project, named))
  }
  if (!project.hasMeshwright) io.stderr.write('next: npm install meshwright\n')
  if (isNew) io.stderr.write(`then: NODE_ENV=development node ${basename(server)}\n`)
}

async function write(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), {recursive: true})
    await writeFile(path, text)
  } catch (error) {
    throw new Failure(`cannot write ${path}: ${reasonOf(error)}`)
  }
}
