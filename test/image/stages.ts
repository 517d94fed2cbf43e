import {spawnSync} from 'node:child_process'
import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, dirname, isAbsolute, join, relative, resolve} from 'node:path'
import dockerignore from '@balena/dockerignore'
import {DockerfileParser, Env} from 'dockerfile-ast'

/** What a base image brings that an image starts with; the pinned Node stands in for the base's own. */
const ofTheBase: ReadonlyMap<string, string> = new Map([['/nodejs/bin/node', process.execPath]])

export interface Stage {
  readonly base: string
  /** Where its file system is on this machine. */
  readonly root: string
  workdir: string
  user: string
  entrypoint: readonly string[]
  readonly labels: string[]
  /** What its processes start with. */
  readonly env: Record<string, string>
  readonly keywords: string[]
}

/**
 * Does what the instructions of a Dockerfile say, with a directory for each stage's file system and without a base image:
 * COPY copies out of a context that `.dockerignore` has filtered, RUN runs on this machine.
 *
 * @returns the last stage
 * @throws when a command fails, what is copied is missing, or an instruction is unknown
 */
export function runStages(context: string, dockerfile: string): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-image-'))
  const sent = join(folder, 'context')
  sendContext(context, sent)
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const instruction of DockerfileParser.parse(readFileSync(dockerfile, 'utf8')).getInstructions()) {
    const keyword = instruction.getKeyword()
    const args = instruction.getExpandedArguments().map((argument) => argument.getValue())
    const text = instruction.getArgumentsContent() ?? ''
    if (keyword === 'ARG') continue
    if (keyword === 'FROM') {
      const root = mkdtempSync(join(folder, 'stage-'))
      spawnSync('chmod', ['755', folder, root])
      // An ARG without a value stands for nothing.
      stage = {
        base: (args[0] ?? '').replace(/\$\{\w+\}$/, ''),
        root,
        workdir: '/',
        user: 'root',
        entrypoint: [],
        labels: [],
        env: {},
        keywords: [],
      }
      stages.set(args[2] ?? root, stage)
      continue
    }
    if (stage === undefined) throw new Error(`${keyword} before FROM`)
    stage.keywords.push(keyword)
    if (keyword === 'WORKDIR') mkdirSync(onHost(stage, (stage.workdir = args[0] ?? '/')), {recursive: true})
    else if (keyword === 'USER') stage.user = args[0] ?? ''
    else if (keyword === 'LABEL') stage.labels.push(...args)
    else if (instruction instanceof Env)
      for (const property of instruction.getProperties()) stage.env[property.getName()] = property.getValue() ?? ''
    else if (keyword === 'ENTRYPOINT') stage.entrypoint = JSON.parse(text)
    else if (keyword === 'RUN') run(stage, text)
    else if (keyword === 'COPY') {
      const name = /--from=(\S+)/.exec(instruction.getTextContent())?.[1]
      const source = name === undefined ? sent : stages.get(name)?.root
      if (source === undefined) throw new Error(`COPY from ${name}, which is no stage`)
      copy(stage, args, source)
    } else if (keyword !== 'CMD') throw new Error(`${keyword} is not known here`)
  }
  if (stage === undefined) throw new Error(`${dockerfile} has no stage`)
  return stage
}

/** The command that starts the stage here, with its arguments. */
export function commandOf({entrypoint, root}: Stage): readonly string[] {
  return entrypoint.map((word) => ofTheBase.get(word) ?? (isAbsolute(word) ? join(root, word) : word))
}

function onHost(stage: Stage, path: string): string {
  return join(stage.root, resolve(stage.workdir, path))
}

function sendContext(from: string, to: string): void {
  const filter = dockerignore.default({ignorecase: false}).add(readFileSync(join(from, '.dockerignore'), 'utf8'))
  for (const entry of readdirSync(from)) {
    if (filter.ignores(entry)) continue
    cpSync(join(from, entry), join(to, entry), {
      recursive: true,
      filter: (path) => !filter.ignores(relative(from, path)),
    })
  }
}

function run(stage: Stage, command: string): void {
  // There is no change of root here, so it would be this machine's.
  if (/(^|[\s=])\//.test(command)) throw new Error(`RUN ${command} names an absolute path`)
  const {status, stdout, stderr} = spawnSync('sh', ['-ec', command], {
    cwd: onHost(stage, '.'),
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
      npm_config_prefer_offline: 'true',
    },
  })
  if (status !== 0) throw new Error(`RUN ${command} ended with ${status}:\n${stdout}${stderr}`)
}

function copy(stage: Stage, args: readonly string[], source: string): void {
  const places = args.slice(0, -1)
  const target = args.at(-1) ?? ''
  for (const place of places) {
    const from = join(source, place)
    cpSync(from, onHost(stage, target.endsWith('/') ? join(target, basename(place)) : target), {recursive: true})
  }
}
