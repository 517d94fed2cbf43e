import {escaped, outside, type Literal} from './literal-regex.ts'

/** Paths by their text. A prefix may have holes: texts and prefixes within it that belong to somebody else. */
export type PathPattern =
  | {readonly kind: 'exact'; readonly value: string}
  | {readonly kind: 'prefix'; readonly value: string; readonly holes: readonly Literal[]}
  | {readonly kind: 'regex'; readonly value: string}

/** `unsayable`: nobody can tell, or no single pattern says it. Absent patterns are all paths. */
export type Combined = {readonly pattern: PathPattern | undefined} | 'empty' | 'unsayable'

export const exactPath = (value: string): PathPattern => ({kind: 'exact', value})

/** Every path begins with `/`, so that this prefix is none at all. */
export function prefixPath(value: string): PathPattern | undefined {
  return value === '/' || value === '' ? undefined : {kind: 'prefix', value, holes: []}
}

export function samePath(one: PathPattern | undefined, other: PathPattern | undefined): boolean {
  return pathKey(one) === pathKey(other)
}

export function pathKey(pattern: PathPattern | undefined): string {
  return pattern === undefined ? '' : JSON.stringify(pattern)
}

export function contains(literal: Literal, text: string): boolean {
  return literal.kind === 'exact' ? literal.value === text : text.startsWith(literal.value)
}

/** True only where every path of `inner` surely is one of `outer`. */
export function coversPath(outer: PathPattern | undefined, inner: PathPattern | undefined): boolean {
  if (outer === undefined) return true
  if (inner === undefined) return false
  if (samePath(outer, inner)) return true
  if (outer.kind !== 'prefix' || inner.kind === 'regex' || !inner.value.startsWith(outer.value)) return false
  return outer.holes.every((hole) => !meets(hole, inner))
}

/** The paths of both. */
export function intersectPaths(one: PathPattern | undefined, other: PathPattern | undefined): Combined {
  if (one === undefined) return {pattern: other}
  if (other === undefined || samePath(one, other)) return {pattern: one}
  if (one.kind === 'regex' || other.kind === 'regex') return 'unsayable'
  const [shorter, longer] = one.value.length <= other.value.length ? [one, other] : [other, one]
  if (longer.kind === 'exact' || shorter.kind === 'exact') {
    const exact = longer.kind === 'exact' ? longer : shorter
    const rest = exact === longer ? shorter : longer
    return matchesPath(rest, exact.value) ? {pattern: {kind: 'exact', value: exact.value}} : 'empty'
  }
  if (!longer.value.startsWith(shorter.value)) return 'empty'
  return withHoles(longer.value, [...longer.holes, ...shorter.holes])
}

export function withoutHoles(pattern: PathPattern | undefined): PathPattern | undefined {
  return pattern?.kind === 'prefix' ? prefixPath(pattern.value) : pattern
}

/** The paths of `from` that are none of `taken`'s, which has no holes. */
export function withoutPath(from: PathPattern | undefined, taken: PathPattern | undefined): Combined {
  if (coversPath(taken, from)) return 'empty'
  if (from?.kind === 'regex' || taken === undefined || taken.kind === 'regex') return 'unsayable'
  if (from?.kind === 'exact') return matchesPath(taken, from.value) ? 'empty' : {pattern: from}
  return withHoles(from?.value ?? '', [...(from?.holes ?? []), {kind: taken.kind, value: taken.value}])
}

/** The pattern as a whole-path regular expression; an exact path is one too. */
export function pathRegex(pattern: PathPattern): string {
  if (pattern.kind === 'exact') return `^${escaped(pattern.value)}$`
  // Linkerd looks for the first match and then whether it is the whole path; with anchors that is the same.
  if (pattern.kind === 'regex') return `^(?:${pattern.value})$`
  const {value, holes} = pattern
  const rest = outside(holes.map((hole) => ({kind: hole.kind, value: hole.value.slice(value.length)})))
  return `^${escaped(value)}${rest}$`
}

/** For literal patterns; nobody asks it of a regular expression. */
export function matchesPath(pattern: PathPattern, text: string): boolean {
  if (pattern.kind === 'exact') return pattern.value === text
  if (pattern.kind === 'regex') return false
  return text.startsWith(pattern.value) && !pattern.holes.some((hole) => contains(hole, text))
}

function meets(hole: Literal, inner: PathPattern): boolean {
  if (inner.kind !== 'prefix') return contains(hole, inner.value)
  if (inner.holes.some((own) => own.kind === 'prefix' && hole.value.startsWith(own.value))) return false
  if (inner.holes.some((own) => own.kind === hole.kind && own.value === hole.value)) return false
  return hole.value.startsWith(inner.value) || contains(hole, inner.value)
}

/** A prefix with only those holes that lie in it, each once, in one order. */
function withHoles(value: string, holes: readonly Literal[]): Combined {
  if (holes.some((hole) => hole.kind === 'prefix' && value.startsWith(hole.value))) return 'empty'
  const within = holes.filter((hole) => hole.value.startsWith(value))
  const outermost = within.filter(
    (hole) => !within.some((other) => other.kind === 'prefix' && other !== hole && isWithin(hole, other)),
  )
  const once = new Map(outermost.map((hole) => [`${hole.value} ${hole.kind}`, hole]))
  const sorted = [...once].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, hole]) => hole)
  if (value === '' && sorted.length === 0) return {pattern: undefined}
  return {pattern: {kind: 'prefix', value, holes: sorted}}
}

function isWithin(hole: Literal, prefix: Literal): boolean {
  if (hole.kind === 'prefix' && hole.value === prefix.value) return false
  return hole.value.startsWith(prefix.value)
}
