import {z} from 'zod'
import {keyAdvice} from './keys.ts'
import {dotted, problemAt, problemAtKey, shown, type ConfigProblem} from './problem.ts'
import {alternative, expects, schemaBelow, unwrapped} from './shape.ts'
import {at, isNull, nearest, plain, type Path, type Tree} from './tree.ts'

/**
 * Holds one layer, as written, against its schema: every unknown key and every bad value with its place. A layer is a
 * patch, so keys may be missing and null is fine wherever a key stands.
 */
export function checkLayer(tree: Tree, schema: z.core.$ZodType, path: Path = []): readonly ConfigProblem[] {
  const bare = alternative(schema, tree.kind === 'list')
  if (tree.kind === 'map' && bare instanceof z.ZodObject) {
    const open = !(bare.def.catchall instanceof z.ZodNever)
    return [...tree.entries].flatMap(([key, value]) => {
      const below = schemaBelow(bare, key)
      if (below !== undefined) return isNull(value) ? [] : checkLayer(value, below, [...path, key])
      if (open) return []
      return [problemAtKey(value, 'MW4003', `unknown key ${dotted([...path, key])}${keyAdvice(key, bare)}`)]
    })
  }
  if (tree.kind === 'map' && bare instanceof z.ZodRecord) {
    if (tree.entries.size > mostNames) {
      return [problemAtKey(tree, 'MW4009', `${dotted(path)} has ${tree.entries.size} names; ${mostNames} are the most`)]
    }
    return [...tree.entries].flatMap(([name, value]) =>
      [badName(value, name, path), isNull(value) ? [] : checkLayer(value, bare.valueType, [...path, name])].flat(),
    )
  }
  if (tree.kind === 'list' && bare instanceof z.ZodArray) {
    return tree.items.flatMap((item, index) => checkLayer(item, bare.element, [...path, index]))
  }
  if (z.safeParse(unwrapped(schema), plain(tree)).success) return []
  return [problemAt(tree, 'MW4009', `${dotted(path)} must be ${expects(schema)}, found ${shown(plain(tree))}`)]
}

/** Every environment is resolved when a configuration is loaded. */
const mostNames = 100

/** A namespace chooses its environment by a label, so the names are what a label's value may be. */
const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/

function badName(value: Tree, name: string, path: Path): readonly ConfigProblem[] {
  if (labelValue.test(name)) return []
  const rule =
    'must be at most 63 letters, digits, dashes, underscores and dots, the first and the last a letter or a digit'
  return [problemAtKey(value, 'MW4009', `the name ${shown(name)} in ${dotted(path)} ${rule}`)]
}

/** What Zod finds wrong with a resolved configuration: after the layers were checked, keys that are missing. */
export function checkResolved(tree: Tree, issues: readonly z.core.$ZodIssue[]): readonly ConfigProblem[] {
  return issues.flatMap((issue) => placed(tree, issue, []))
}

function reach(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((furthest, {path}) => Math.max(furthest, path.length), 0)
}

function placed(tree: Tree, issue: z.core.$ZodIssue, above: Path): readonly ConfigProblem[] {
  const path: Path = [...above, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))]
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // Of one or many, the branch that was meant is the one that got furthest.
    const meant = issue.errors.toSorted((a, b) => reach(b) - reach(a))[0] ?? []
    return meant.flatMap((inner) => placed(tree, inner, path))
  }
  const node = nearest(tree, path)
  if (at(tree, path) === undefined) {
    return [problemAtKey(node, 'MW4010', `${dotted(path)} is missing`)]
  }
  return [problemAtKey(node, 'MW4009', `${dotted(path)} cannot be used: ${issue.message}`)]
}
