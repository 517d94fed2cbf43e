import {isCollection, isMap, isScalar, isSeq, type Document, type YAMLMap} from 'yaml'
import type {Operation} from '../admission/patch.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {keyOf, nodeOf, pairOf, valueOf} from './manifest-node.ts'

/**
 * Applies RFC 6902 operations to the nodes of a YAML document, so that comments and the style of everything else stay.
 * Paths start at `at`. Throws where a path leads nowhere: the operations were made for this very document.
 */
export function editNodes(
  document: Document.Parsed,
  at: readonly (string | number)[],
  operations: readonly Operation[],
): void {
  for (const operation of operations) {
    const keys = [...at.map(String), ...operation.path.split('/').slice(1).map(unescape)]
    const last = keys.pop()
    if (last === undefined) throw new Error('a document is never replaced as a whole')
    const parent = descend(document, keys, growsFrom(operation))
    if (isSeq(parent)) {
      const index = Number(last)
      if (operation.op === 'add') parent.items.splice(index, 0, nodeOf(operation.value))
      else if (operation.op === 'remove') parent.items.splice(index, 1)
      else parent.items[index] = successor(parent.items[index], operation.value)
    } else if (isMap(parent)) {
      if (operation.op === 'remove') parent.items = parent.items.filter((pair) => keyOf(pair) !== last)
      else put(parent, last, operation.value)
    } else {
      throw new Error(`no such place: ${operation.path}`)
    }
    // An empty block collection would leave its {} on a line of its own.
    if (parent.items.length === 0) parent.flow = true
  }
}

/** True where more is written than a scalar in the place of another. */
function growsFrom(operation: Operation): boolean {
  return operation.op === 'add' || (operation.op === 'replace' && typeof operation.value === 'object')
}

/** Walks to a node; collections on the way leave the `{a: b}` style where it could not hold what is to be written. */
function descend(document: Document.Parsed, keys: readonly string[], grows: boolean): unknown {
  let here: unknown = document.contents
  if (grows) open(here)
  for (const key of keys) {
    if (isSeq(here)) here = here.items[Number(key)]
    else if (isMap(here)) here = here.items.find((pair) => keyOf(pair) === key)?.value
    else return undefined
    if (grows) open(here)
  }
  return here
}

function open(node: unknown): void {
  if (isCollection(node)) node.flow = false
  // `{a, b: c}`: the library cannot write a key without a value outside of braces.
  if (isMap(node)) for (const pair of node.items) pair.value ??= nodeOf(null)
}

function put(map: YAMLMap, key: string, value: unknown): void {
  const pair = map.items.find((pair) => keyOf(pair) === key)
  if (pair === undefined) map.items.push(pairOf(key, value))
  else pair.value = successor(pair.value, value)
}

/** A scalar keeps its comment when its value changes, a map the nodes of the keys that stay as they are. */
function successor(old: unknown, value: unknown): unknown {
  if (isMap(old) && isValues(value)) {
    rewrite(old, value)
    return old
  }
  if (valueOf(old) === value) return old
  const fresh = nodeOf(value)
  if (isScalar(old) && isScalar(fresh)) {
    fresh.comment = old.comment ?? null
    fresh.commentBefore = old.commentBefore ?? null
  }
  return fresh
}

/** The patch writes a map anew where that is shorter; here its nodes live on. */
function rewrite(map: YAMLMap, value: Values): void {
  open(map)
  map.items = map.items.filter((pair) => Object.hasOwn(value, keyOf(pair)))
  for (const [key, item] of Object.entries(value)) put(map, key, item)
  if (map.items.length === 0) map.flow = true
}

function unescape(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}
