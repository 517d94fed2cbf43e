import type {ConfigCode} from '../codes/config.ts'
import type {Path, Place, Tree} from './tree.ts'

/** One reason why a configuration is not taken. */
export interface ConfigProblem {
  readonly code: ConfigCode
  /** Absent where no file is at fault: a flag that names an unknown environment. */
  readonly place?: Place
  /** A sentence without the place: what was found, what is expected. */
  readonly message: string
}

export function problemAt(node: Pick<Tree, 'place'>, code: ConfigCode, message: string): ConfigProblem {
  return node.place === undefined ? {code, message} : {code, place: node.place, message}
}

/** The same, at the key that leads to the node. */
export function problemAtKey(node: Pick<Tree, 'place' | 'keyPlace'>, code: ConfigCode, message: string): ConfigProblem {
  return node.keyPlace === undefined ? problemAt(node, code, message) : {code, place: node.keyPlace, message}
}

/** `mesh.yaml:12:5`, or `MeshConfig default spec.mesh.type` */
export function formatPlace({file, line, column}: Place): string {
  return line === 0 ? file : `${file}:${line}:${column}`
}

/** `mesh.yaml:12:5 MW4003 unknown key mesh.telemetry.samplingrate; did you mean samplingRate?` */
export function formatProblem({code, place, message}: ConfigProblem): string {
  return place === undefined ? `${code} ${message}` : `${formatPlace(place)} ${code} ${message}`
}

const mostShown = 50

/** One line for each problem, as many as anybody reads. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  const lines = problems.slice(0, mostShown).map(formatProblem)
  if (problems.length > mostShown) lines.push(`and ${problems.length - mostShown} more`)
  return lines.join('\n')
}

/** In the order of the text, each once: a mistake in the base would otherwise come back with each environment. */
export function inOrder(problems: readonly ConfigProblem[], files: readonly string[]): readonly ConfigProblem[] {
  const once = new Map(problems.map((problem) => [formatProblem(problem), problem]))
  const rank = new Map(files.map((file, index) => [file, index]))
  const fileRank = (problem: ConfigProblem) => rank.get(problem.place?.file ?? '') ?? files.length
  return [...once.values()].sort(
    (a, b) =>
      fileRank(a) - fileRank(b) ||
      (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
      (a.place?.column ?? 0) - (b.place?.column ?? 0),
  )
}

/** `mesh.trafficManagement.destinationRules[0].host`, with keys that hold a dot or worse in quotes. */
export function dotted(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const key = /^[\w-]+$/.test(step) ? step : shown(step)
    return text === '' ? key : `${text}.${key}`
  }, '')
}

/** What was found, for a sentence: short, on one line, control characters visible. */
export function shown(found: unknown): string {
  if (Array.isArray(found)) return 'a list'
  if (typeof found === 'object' && found !== null) return 'a map'
  if (typeof found !== 'string') return String(found)
  const cut = found.length > 60 ? `${found.slice(0, 60)}...` : found
  return JSON.stringify(cut).replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}
