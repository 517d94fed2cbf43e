import {Composer, isMap, isScalar, isSeq, LineCounter, Scalar, type Pair} from 'yaml'
import type {ConfigCode} from '../codes/config.ts'
import {shown, type ConfigProblem} from './problem.ts'
import {plainScalar} from './scalar.ts'
import {bareReturn, depthLimit, tokensOf, type Untaken} from './tokens.ts'
import type {Place, Tree} from './tree.ts'

/** A text and the name that errors call it by. */
export interface ConfigSource {
  readonly file: string
  readonly text: string
}

/** Where a text begins inside another: what its first line and first column are counted from. */
export interface Within {
  readonly line: number
  readonly indent: number
}

export interface Reading {
  /** Absent where the text holds no document, or nothing that can be trusted. */
  readonly tree?: Tree
  readonly problems: readonly ConfigProblem[]
}

/** Bytes of one file. */
export const sizeLimit = 1024 * 1024
/** Tags that say what is so anyway; all others could change what a value means. */
const plainTags = new Set<string | undefined>([
  undefined,
  '!',
  'tag:yaml.org,2002:str',
  'tag:yaml.org,2002:map',
  'tag:yaml.org,2002:seq',
])

/**
 * Reads one YAML document (JSON is YAML) with the place of every value. Never throws. Hostile text is refused before
 * anything grows: by its size, then by aliases and nesting, token by token, before nodes are made.
 */
export function readYaml({file, text}: ConfigSource, within: Within = {line: 1, indent: 0}): Reading {
  if (Buffer.byteLength(text) > sizeLimit) {
    return {problems: [{code: 'MW4002', place: {file, line: 1, column: 1}, message: 'the file is larger than 1 MiB'}]}
  }
  const lines = new LineCounter()
  const place = (offset: number): Place => {
    const {line, col} = lines.linePos(offset)
    return {file, line: Math.max(line, 1) + within.line - 1, column: Math.max(col, 1) + within.indent}
  }
  const tokens = tokensOf(text, lines, 'anchors too')
  if (!Array.isArray(tokens)) return {problems: [untaken(tokens, place)]}

  // The library's own check for duplicate keys is quadratic (24 s for a file of 1 MiB); its scalars are YAML 1.2's.
  const composer = new Composer({uniqueKeys: false, schema: 'failsafe', prettyErrors: false})
  const documents = [...composer.compose(tokens)]
  const errors = documents.flatMap((document) => document.errors)
  if (errors.length > 0) {
    return {
      problems: errors.map(({pos, message}) => ({code: 'MW4004', place: place(pos[0]), message: oneLine(message)})),
    }
  }
  const [document, another] = documents.map(({contents}) => contents).filter((contents) => !isNothing(contents))
  if (another !== undefined) {
    const message = 'a second YAML document begins here; give each a file of its own and repeat --config'
    return {problems: [{code: 'MW4007', place: place(rangeStart(another) ?? 0), message}]}
  }
  return document === undefined ? {problems: []} : treeOf(document, text, place)
}

/** The tree of a node that the library has parsed from `text` with the failsafe schema. */
export function treeOf(node: unknown, text: string, place: (offset: number) => Place): Reading {
  const problems: ConfigProblem[] = []
  const tree = new Planting(text, place, problems).tree(node, undefined)
  return tree === undefined ? {problems} : {tree, problems}
}

function untaken({reason, offset, lexeme}: Untaken, place: (offset: number) => Place): ConfigProblem {
  if (reason === 'depth') {
    return {code: 'MW4016', place: place(offset), message: `nested deeper than ${depthLimit} levels`}
  }
  if (reason === 'return') return {code: 'MW4004', place: place(offset), message: bareReturn}
  const name = reason === 'alias' ? 'aliases' : 'anchors'
  const message = `YAML ${name} are not taken, found ${shown(lexeme)}; write the value out, or share it in a template`
  return {code: 'MW4006', place: place(offset), message}
}

/** Makes the tree of a composed document, and collects what YAML allows and a configuration does not. */
class Planting {
  readonly #text: string
  readonly #place: (offset: number) => Place
  readonly #problems: ConfigProblem[]

  constructor(text: string, place: (offset: number) => Place, problems: ConfigProblem[]) {
    this.#text = text
    this.#place = place
    this.#problems = problems
  }

  /** `keyPlace` is where the key that leads to the node stands; a value that is left out stands there too. */
  tree(node: unknown, keyPlace: Place | undefined): Tree | undefined {
    const start = rangeStart(node)
    const place = start === undefined ? keyPlace : this.#place(start)
    const origin = {
      layer: 'base',
      ...(place === undefined ? {} : {place}),
      ...(keyPlace === undefined ? {} : {keyPlace}),
    }
    if (isMap(node) || isSeq(node) || isScalar(node)) {
      if (!plainTags.has(node.tag)) {
        return this.#refuse(
          'MW4006',
          place,
          `YAML tags are not taken, found ${shown(node.tag)}; write the value itself`,
        )
      }
    }
    if (isMap(node)) return {kind: 'map', entries: this.#entries(node.items), ...origin}
    if (isSeq(node)) {
      const items = node.items.map((item) => this.tree(item, undefined)).filter((item) => item !== undefined)
      return {kind: 'list', items, ...origin}
    }
    if (!isScalar(node)) return {kind: 'leaf', value: null, ...origin}
    const text = typeof node.value === 'string' ? node.value : ''
    if (node.type === Scalar.BLOCK_LITERAL)
      return {kind: 'leaf', value: text, block: this.#block(start ?? 0), ...origin}
    if (node.type !== Scalar.PLAIN || node.tag !== undefined) return {kind: 'leaf', value: text, ...origin}
    const scalar = plainScalar(text)
    if (!scalar.ok) return this.#refuse('MW4009', place, scalar.message)
    return {kind: 'leaf', value: scalar.value, ...origin}
  }

  #entries(pairs: readonly Pair[]): ReadonlyMap<string, Tree> {
    const entries = new Map<string, Tree>()
    const firsts = new Map<string, Place>()
    for (const {key, value} of pairs) {
      const keyPlace = this.#place(rangeStart(key) ?? rangeStart(value) ?? 0)
      if (!isScalar(key) || typeof key.value !== 'string') {
        this.#refuse('MW4008', keyPlace, 'a key must be text')
        continue
      }
      const first = firsts.get(key.value)
      if (first !== undefined) {
        this.#refuse('MW4005', keyPlace, `duplicate key ${shown(key.value)}; it stands on line ${first.line} already`)
        continue
      }
      firsts.set(key.value, keyPlace)
      const tree = this.tree(value, keyPlace)
      if (tree !== undefined) entries.set(key.value, tree)
    }
    return entries
  }

  /** `start` is that of the block's header; its text begins on the next line, as far in as its first line with any. */
  #block(start: number): {line: number; indent: number} {
    const first = this.#text.indexOf('\n', start) + 1
    const indent = /^(?:[ \t]*\r?\n)*( *)/.exec(this.#text.slice(first))?.[1]?.length ?? 0
    return {line: this.#place(first).line, indent}
  }

  #refuse(code: ConfigCode, place: Place | undefined, message: string): undefined {
    this.#problems.push(place === undefined ? {code, message} : {code, place, message})
  }
}

function isNothing(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.type === Scalar.PLAIN && contents.value === '')
}

function rangeStart(node: unknown): number | undefined {
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return undefined
  return node.range?.[0]
}

/** The library writes for programmers: no code frames, no line breaks, no capital. */
function oneLine(message: string): string {
  const line = message.split('\n', 1)[0] ?? message
  return line.charAt(0).toLowerCase() + line.slice(1)
}
