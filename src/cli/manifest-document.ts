import {Composer, isScalar, LineCounter, visit, type Document, type ToStringOptions} from 'yaml'
import type {Operation} from '../admission/patch.ts'
import {formatPlace} from '../config/problem.ts'
import {treeOf, type Reading} from '../config/read.ts'
import {bareReturn, depthLimit, tokensOf, type Untaken} from '../config/tokens.ts'
import {Failure} from './failure.ts'
import {editNodes} from './manifest-edit.ts'
import {keyOf, valueOf} from './manifest-node.ts'

export type DocumentPath = readonly (string | number)[]

/** One document of a YAML stream: its text to the byte until it is edited, and its value as Kubernetes would read it. */
export class ManifestDocument {
  /** Where it begins, such as `deployment.yaml:12`, for messages. */
  readonly place: string
  /** What it held when it was read. */
  readonly value: unknown
  readonly #text: string
  readonly #document: Document.Parsed
  readonly #read: (node: unknown) => Reading
  #edited = false

  /** `read` knows where in the stream a node stands. */
  constructor(place: string, text: string, document: Document.Parsed, read: (node: unknown) => Reading) {
    this.place = place
    this.value = valueOf(document.contents)
    this.#text = text
    this.#document = document
    this.#read = read
  }

  /** What it held when it was read, with the line and column of every part. */
  tree(): Reading {
    return this.#read(this.#document.contents)
  }

  /** Applies operations whose paths start at `at`; comments of what they do not touch stay. */
  edit(at: DocumentPath, operations: readonly Operation[]): void {
    if (operations.length === 0) return
    editNodes(this.#document, at, operations)
    this.#edited = true
  }

  /** The value after the edits. */
  edited(): unknown {
    return this.#edited ? valueOf(this.#document.contents) : this.value
  }

  /** The text after the edits, ending in a line break; with `---` before it where the stream had that. */
  text(): string {
    const text = this.#edited ? this.#document.toString(styleOf(this.#text)) : this.#text
    return text === '' || text.endsWith('\n') ? text : `${text}\n`
  }
}

/**
 * Reads a stream of YAML (or JSON) documents as Kubernetes does. Aliases are refused, for a few lines of them can
 * stand for gigabytes, and so is deep nesting, both before any node is made. Throws a Failure that names the place.
 */
export function readDocuments(name: string, text: string): ManifestDocument[] {
  const lines = new LineCounter()
  const placeOf = (offset: number) => {
    const {line, col} = lines.linePos(offset)
    return {file: name, line: Math.max(line, 1), column: Math.max(col, 1)}
  }
  const at = (offset: number) => formatPlace(placeOf(offset))
  const read = (node: unknown) => treeOf(node, text, placeOf)
  const tokens = tokensOf(text, lines, 'aliases')
  if (!Array.isArray(tokens)) throw new Failure(`${at(tokens.offset)}: ${sentence(tokens)}`)
  // The library's own check for duplicate keys is quadratic; ours is below.
  const composer = new Composer({schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false, prettyErrors: false})
  const documents: ManifestDocument[] = []
  let end = 0
  for (const document of composer.compose(tokens, true, text.length)) {
    const error = document.errors[0]
    if (error !== undefined) throw new Failure(`${at(error.pos[0])}: ${error.message.split('\n', 1)[0] ?? ''}`)
    refuseDuplicates(document, at)
    const next = lineEnd(text, document.range[2])
    const start = document.contents?.range[0] ?? end
    const place = `${name}:${lines.linePos(start).line || 1}`
    documents.push(new ManifestDocument(place, text.slice(end, next), document, read))
    end = next
  }
  return documents
}

function sentence({reason, lexeme}: Untaken): string {
  if (reason === 'depth') return `nested deeper than ${depthLimit} levels`
  if (reason === 'return') return bareReturn
  return `YAML aliases are not taken, found ${JSON.stringify(lexeme.slice(0, 40))}; write the value out`
}

function refuseDuplicates(document: Document.Parsed, at: (offset: number) => string): void {
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>()
      for (const pair of map.items) {
        const key = keyOf(pair)
        if (seen.has(key)) {
          const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0
          throw new Failure(`${at(offset)}: the key ${JSON.stringify(key.slice(0, 80))} is here twice`)
        }
        seen.add(key)
      }
    },
  })
}

/** Takes what is left of a line and the lines after it, as far as they are blank. */
function lineEnd(text: string, offset: number): number {
  const blank = /(?:[ \t]*\r?\n)*/y
  blank.lastIndex = offset
  return offset + (blank.exec(text)?.[0].length ?? 0)
}

/** The layout that the text has already, as far as the library can keep it. */
function styleOf(text: string): ToStringOptions {
  const nested = /^( *)[^\s#-][^\n]*:[ \t]*\n(?=(?:[ \t]*(?:#[^\n]*)?\n)*( *)([^\s#]))/gm
  let indent = 2
  let indentSeq: boolean | undefined
  for (const [, outer = '', inner = '', first = ''] of text.matchAll(nested)) {
    const step = inner.length - outer.length
    if (first === '-') indentSeq ??= step > 0
    else if (step > 1) indent = step
    if (indentSeq !== undefined && indent !== 2) break
  }
  return {lineWidth: 0, indent, indentSeq: indentSeq ?? true, flowCollectionPadding: /[{[] +\S/.test(text)}
}
