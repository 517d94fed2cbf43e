import {Composer, isMap, isScalar, isSeq, Lexer, Parser, Scalar, visit, type CST} from 'yaml'
import {plainScalar} from '../../config/scalar.ts'
import type {Json} from '../pod.ts'

export type YamlReading = {readonly ok: true; readonly value: Json} | {readonly ok: false; readonly message: string}

/** Annotations may hold 256 KiB together; no setting needs as much as this, and reading takes time. */
const longestText = 16 * 1024
const deepest = 64

/**
 * Reads one YAML document as sigs.k8s.io/yaml does (YAML 1.1 words and numbers, the last of two equal keys wins, keys are
 * text), into what JSON can hold. Anchors, aliases and tags are refused: nobody needs them here, and they make bombs.
 */
export function readYaml(text: string): YamlReading {
  if (text.length > longestText) return {ok: false, message: `it is longer than ${longestText / 1024} KiB`}
  const tokens = tokenized(text)
  if (tokens === undefined) return {ok: false, message: `it is nested deeper than ${deepest} levels`}
  // Duplicate keys are checked in quadratic time, and Go takes them.
  const composer = new Composer({uniqueKeys: false, schema: 'failsafe', prettyErrors: false})
  const [document] = composer.compose(tokens)
  if (document === undefined) return {ok: true, value: null}
  const error = document.errors[0]
  if (error !== undefined) return {ok: false, message: `it is not YAML: ${error.message.split('\n', 1)[0] ?? ''}`}
  let problem: string | undefined
  visit(document, {
    Alias: () => {
      problem = 'it uses YAML aliases; write the value out'
      return visit.BREAK
    },
    Node: (_, node) => {
      if (node.tag !== undefined && !plainTags.has(node.tag)) {
        problem = 'it uses YAML tags; write the value itself'
        return visit.BREAK
      }
      return undefined
    },
  })
  return problem === undefined ? json(document.contents) : {ok: false, message: problem}
}

/** Undefined where the text nests too deeply for what recurses over it: seen token by token, before nodes are made. */
function tokenized(text: string): readonly CST.Token[] | undefined {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > deepest) return undefined
  }
  return [...tokens, ...parser.end()]
}

const plainTags: ReadonlySet<string> = new Set([
  '!',
  'tag:yaml.org,2002:str',
  'tag:yaml.org,2002:map',
  'tag:yaml.org,2002:seq',
])

function json(node: unknown): YamlReading {
  if (isMap(node)) {
    const entries: [string, Json][] = []
    for (const {key, value} of node.items) {
      const name = isScalar(key) ? scalar(key) : undefined
      if (name?.ok !== true) return {ok: false, message: 'a key is not text'}
      const item = json(value)
      if (!item.ok) return item
      entries.push([typeof name.value === 'string' ? name.value : JSON.stringify(name.value), item.value])
    }
    return {ok: true, value: Object.fromEntries(entries)}
  }
  if (isSeq(node)) {
    const items: Json[] = []
    for (const child of node.items) {
      const item = json(child)
      if (!item.ok) return item
      items.push(item.value)
    }
    return {ok: true, value: items}
  }
  return isScalar(node) ? scalar(node) : {ok: true, value: null}
}

function scalar(node: Scalar): YamlReading {
  const text = typeof node.value === 'string' ? node.value : ''
  return node.type === Scalar.PLAIN && node.tag === undefined ? plainScalar(text) : {ok: true, value: text}
}
