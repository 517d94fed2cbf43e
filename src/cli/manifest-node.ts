import {isMap, isScalar, isSeq, Scalar, YAMLMap, YAMLSeq, Pair, type Node} from 'yaml'
import {plainScalar} from '../config/scalar.ts'
import {isValues} from '../mesh/values.ts'

/**
 * Documents are parsed with YAML's failsafe schema, in which every scalar is text, so that `0755` and `1.10` leave as
 * they came. What they mean to Kubernetes is read here, and new values are written so that it reads the same.
 */

/** The JSON that Kubernetes makes of a node. */
export function valueOf(node: unknown): unknown {
  if (isMap(node)) return Object.fromEntries(node.items.map((pair) => [keyOf(pair), valueOf(pair.value)]))
  if (isSeq(node)) return node.items.map(valueOf)
  if (!isScalar(node)) return null
  const text = String(node.value)
  if (node.type !== 'PLAIN' || node.tag !== undefined) return text
  const read = plainScalar(text)
  // A number that JSON lacks or JavaScript would round is left to the API server to judge.
  return read.ok ? read.value : text
}

/** The JSON key of a pair: Kubernetes turns `yes:` and `1:` into text. */
export function keyOf({key}: Pair): string {
  return String(valueOf(key))
}

/** A node that Kubernetes, and any other YAML reader, takes for `value`. */
export function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) {
    const list = new YAMLSeq()
    list.items = value.map(nodeOf)
    list.flow = value.length === 0
    return list
  }
  if (isValues(value)) {
    const map = new YAMLMap()
    for (const [key, item] of Object.entries(value)) if (item !== undefined) map.items.push(pairOf(key, item))
    map.flow = map.items.length === 0
    return map
  }
  const text = typeof value === 'string' ? value : String(value)
  const scalar = new Scalar(text)
  if (typeof value !== 'string') scalar.type = 'PLAIN'
  else if (isAmbiguous(text)) scalar.type = 'QUOTE_DOUBLE'
  else if (text.includes('\n')) scalar.type = 'BLOCK_LITERAL'
  return scalar
}

export function pairOf(key: string, value: unknown): Pair {
  return new Pair(nodeOf(key), nodeOf(value))
}

/** Base 60 and dates, which YAML 1.1 has and Kubernetes leaves alone. */
const elsewhereNoText = /^([-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9]{4}-[0-9].*|0o[0-7]+|=|<<)$/

/** Text that some reader would take for something else if it stood without quotes. */
function isAmbiguous(text: string): boolean {
  const read = plainScalar(text)
  return !read.ok || read.value !== text || elsewhereNoText.test(text)
}
