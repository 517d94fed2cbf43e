import {chosenEnvironment} from '../config/choose.ts'
import {loadConfiguration, type LoadedConfiguration} from '../config/load.ts'
import {formatProblems} from '../config/problem.ts'
import type {ConfigSource} from '../config/read.ts'
import {readSources} from '../config/source.ts'
import {isValues} from '../mesh/values.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {readDocuments, type ManifestDocument} from './manifest-document.ts'
import {readManifests, type ManifestText} from './manifest-source.ts'
import type {RuleOptions} from './rule-options.ts'
import {ruleObjects, type RuleObject} from './rule-objects.ts'

/** Rules, what they are about, and the configuration that governs, read from files. */
export interface RuleInput {
  /** In the order of the input. */
  readonly objects: readonly RuleObject[]
  readonly configuration?: LoadedConfiguration
  /** The files that hold it, in the order in which they patch each other. */
  readonly configurationFiles: readonly string[]
  /** Lines for the reader: what was left out, and what stands twice. */
  readonly remarks: readonly string[]
}

/** Reads what `-f` and `--config` name. Throws a Failure that names the place of a mistake. */
export async function readRules(options: RuleOptions, io: Io): Promise<RuleInput> {
  const {filename = [], recursive, namespace = 'default', config = []} = options
  if (filename.length === 0) throw new Failure('no rules; name them with -f FILE, -f DIRECTORY or -f -', 2)
  const texts = await readManifests(filename, recursive, io)
  const {sources, problems} = await readSources(config, io)
  if (problems.length > 0) throw new Failure(`the configuration cannot be used\n${formatProblems(problems)}`)
  return ruleInput(texts, sources, namespace)
}

/**
 * The environment that the command line or `MESHWRIGHT_ENV` chooses. Throws a Failure where the configuration has none of
 * that name; what a MeshConfig among the objects has is for the rules to tell.
 */
export function environmentFor({configuration, objects}: RuleInput, {env}: RuleOptions, io: Io): string | undefined {
  const environment = chosenEnvironment(env, io.env)
  if (environment === undefined || objects.some(({object}) => object.kind === 'MeshConfig')) return environment
  const declared = configuration ?? noConfiguration()
  const resolution = declared.resolve(environment)
  if (!resolution.ok) throw new Failure(`the configuration cannot be used\n${formatProblems(resolution.problems)}`)
  return environment
}

function noConfiguration(): Pick<LoadedConfiguration, 'resolve'> {
  const loading = loadConfiguration([])
  return loading.ok ? loading.loaded : {resolve: () => loading}
}

/** The same of texts that are there: `patches` are laid over a configuration found among them. */
export function ruleInput(
  texts: readonly ManifestText[],
  patches: readonly ConfigSource[],
  namespace: string,
): RuleInput {
  const objects: RuleObject[] = []
  const found: ConfigSource[] = []
  const remarks: string[] = []
  for (const {name, text} of texts) {
    for (const document of readDocuments(name, text)) {
      if (isObject(document)) objects.push(...ruleObjects(document, namespace))
      else if (isConfiguration(document.value)) found.push({file: name, text})
      else if (document.value !== null) remarks.push(`${document.place}: left out, for it has no apiVersion`)
    }
  }
  const named = new Set(patches.map(({file}) => file))
  const sources = [...found.filter(({file}) => !named.has(file)), ...patches]
  const configurationFiles = sources.map(({file}) => file)
  remarks.push(...repetitions(objects))
  const standsIn = objects.find(({object}) => object.kind === 'MeshConfig' && object.metadata?.name === 'default')
  if (sources.length === 0) return {objects, configurationFiles, remarks}
  if (standsIn !== undefined)
    remarks.push(`${configurationFiles.join(', ')}: not used, for ${standsIn.place} is the MeshConfig default`)
  const loading = loadConfiguration(sources)
  if (!loading.ok) throw new Failure(`the configuration cannot be used\n${formatProblems(loading.problems)}`)
  return {objects, configuration: loading.loaded, configurationFiles, remarks}
}

function isObject({value}: ManifestDocument): boolean {
  return isValues(value) && typeof value['apiVersion'] === 'string'
}

const configurationKeys = ['mesh', 'meshSecurity', 'environments', 'templates']

function isConfiguration(value: unknown): boolean {
  return isValues(value) && configurationKeys.some((key) => Object.hasOwn(value, key))
}

/** Of two rules with one name the later counts, as it would with `kubectl apply`. */
function repetitions(objects: readonly RuleObject[]): string[] {
  const first = new Map<string, string>()
  return objects.flatMap(({object, places, place}) => {
    if (places === undefined) return []
    const {namespace = '', name = ''} = object.metadata ?? {}
    const subject = `${object.kind} ${namespace === '' ? name : `${namespace}/${name}`}`
    const earlier = first.get(subject)
    first.set(subject, place)
    return earlier === undefined ? [] : [`${place}: ${subject} takes the place of the one at ${earlier}`]
  })
}
