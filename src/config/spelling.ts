import type {Finding} from '../mesh/finding.ts'
import {dotted, formatPlace, problemAt, shown, type ConfigProblem} from './problem.ts'
import {at, child, isNull, plain, replaced, type Path, type Tree} from './tree.ts'

interface Spellings {
  readonly canonical: readonly string[]
  /** Every spelling, the canonical one among them. */
  readonly written: readonly (readonly string[])[]
}

/** Keys that mean the same. */
export const spellings: readonly Spellings[] = [
  {
    canonical: ['mesh', 'telemetry', 'samplingRate'],
    written: [
      ['mesh', 'telemetry', 'tracing', 'sampleRate'],
      ['mesh', 'telemetry', 'samplingRate'],
      ['mesh', 'tracing', 'sampleRate'],
    ],
  },
  ...['enabled', 'endpoint'].map((key) => ({
    canonical: ['mesh', 'tracing', key],
    written: [
      ['mesh', 'telemetry', 'tracing', key],
      ['mesh', 'tracing', key],
    ],
  })),
  {
    canonical: ['mesh', 'security', 'mutualTLS'],
    written: [
      ['mesh', 'security', 'mutualTLS'],
      ['meshSecurity', 'mutualTLS'],
    ],
  },
]

/** The one spelling of a key that `Configuration` has. */
export function canonicalPath(path: Path): Path {
  const text = dotted(path)
  return spellings.find(({written}) => written.some((spelling) => dotted(spelling) === text))?.canonical ?? path
}

export interface Respelt {
  readonly tree: Tree
  readonly problems: readonly ConfigProblem[]
  readonly findings: readonly Finding[]
}

/**
 * One layer in the canonical spelling. The longest path that was written wins; two different values of equal length
 * are a problem. A null above a key deletes the key in each of its spellings.
 */
export function canonical(layer: Tree): Respelt {
  const problems: ConfigProblem[] = []
  const findings: Finding[] = []
  const chosen = spellings.map(({canonical, written}) => ({
    canonical,
    node: choose(layer, written, problems, findings),
  }))

  let tree: Tree | undefined = layer
  for (const path of spellings.flatMap(({written}) => written)) {
    if (at(layer, path) !== undefined) tree = replaced(tree, path, undefined)
  }
  // Emptied by the rewriting, or null: either way the canonical keys now say what it said.
  tree = replaced(tree, ['mesh', 'telemetry', 'tracing'], undefined)
  for (const {canonical, node} of chosen) {
    if (node === undefined || (isNull(node) && isNull(firstNull(tree, canonical)))) continue
    tree = replaced(tree, canonical, node)
  }
  return {tree: tree ?? {kind: 'map', entries: new Map(), layer: layer.layer}, problems, findings}
}

function choose(
  layer: Tree,
  written: readonly (readonly string[])[],
  problems: ConfigProblem[],
  findings: Finding[],
): Tree | undefined {
  const found = written.flatMap((path) => {
    const node = at(layer, path)
    return node === undefined ? [] : [{path, node}]
  })
  const longest = Math.max(...found.map(({path}) => path.length))
  const [winner, rival] = found.filter(({path}) => path.length === longest)
  if (winner === undefined) return written.map((path) => firstNull(layer, path)).find((node) => node !== undefined)
  if (rival !== undefined && !same(winner.node, rival.node)) {
    const other = winner.node.place === undefined ? '' : ` (${formatPlace(winner.node.place)})`
    const values = `${dotted(rival.path)} is ${shown(plain(rival.node))}, ${dotted(winner.path)}${other} is ${shown(plain(winner.node))}`
    problems.push(problemAt(rival.node, 'MW4011', `two spellings of one setting disagree: ${values}; keep one of them`))
  }
  for (const {path, node} of found) {
    if (path.length === longest || same(node, winner.node)) continue
    const where = winner.node.place === undefined ? '' : ` (${formatPlace(winner.node.place)})`
    const message = `${dotted(winner.path)}${where} says ${shown(plain(winner.node))}; the longer key wins`
    findings.push({kind: 'replaced', key: dotted(path), message})
  }
  return winner.node
}

function same(one: Tree, other: Tree): boolean {
  return plain(one) === plain(other)
}

/** The null above `path` (or at it) that deletes it, if there is one. */
function firstNull(tree: Tree | undefined, path: Path): Tree | undefined {
  let here = tree
  for (const step of path) {
    here = child(here, step)
    if (isNull(here)) return here
  }
  return undefined
}
