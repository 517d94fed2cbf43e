import {readYaml} from '../config/read.ts'
import {plain} from '../config/tree.ts'
import {isValues, overlay, type Values} from '../mesh/values.ts'
import {valuesSchema, type InstallValues} from './values.ts'

/** Values from one place: a file, or a word of the command line. */
export interface ValuesLayer {
  /** Before the path of a value in a sentence: `mine.yaml:`, `--set`. */
  readonly place: string
  readonly values: Values
}

export type ChosenValues =
  | {readonly ok: true; readonly values: InstallValues}
  | {readonly ok: false; readonly problems: readonly string[]}

/** Lays values over the defaults as Helm does, later over earlier: maps merge, everything else replaces, null takes away. */
export function chooseValues(layers: readonly ValuesLayer[]): ChosenValues {
  const defaults: unknown = valuesSchema.parse({})
  const base = isValues(defaults) ? defaults : {}
  const chosen = layers.reduce<Values>((below, {values}) => overlay(below, values), base)
  const parsed = valuesSchema.safeParse(chosen)
  if (parsed.success) return {ok: true, values: parsed.data}
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.path.map(String)
    const place = layers.findLast(({values}) => has(values, path))?.place
    return `${place === undefined ? '' : `${place} `}${path.join('.') || 'the values'}: ${issue.message}`
  })
  return {ok: false, problems}
}

/** @returns the values of a file, or a sentence about why it holds none */
export function valuesOf(file: string, text: string): ValuesLayer | string {
  const {tree, problems} = readYaml({file, text})
  const [problem] = problems
  if (problem !== undefined) return `${file}: ${problem.message}`
  const values = tree === undefined ? {} : plain(tree)
  return isValues(values) ? {place: `${file}:`, values} : `${file}: values are a map, such as webhook: {replicas: 3}`
}

/** `webhook.replicas=3`: a path with dots (`\.` for one in a key), and a YAML value. */
export function assignment(word: string): ValuesLayer | string {
  const equals = word.indexOf('=')
  const path = equals === -1 ? '' : word.slice(0, equals)
  const keys = path.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.'))
  if (keys.some((key) => key === '')) return `--set ${word}: write a path and a value, such as webhook.replicas=3`
  const {tree, problems} = readYaml({file: `--set ${path}`, text: `value: ${word.slice(equals + 1)}`})
  const value = tree === undefined ? undefined : plain(tree)
  if (problems.length > 0 || !isValues(value)) return `--set ${word}: the value is no YAML value of one line`
  const values = keys.reduceRight<unknown>((below, key) => ({[key]: below}), value['value'])
  return isValues(values) ? {place: '--set', values} : `--set ${word}: the value is no YAML value of one line`
}

function has(values: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path
  if (key === undefined) return true
  return isValues(values) && Object.hasOwn(values, key) && has(values[key], rest)
}
