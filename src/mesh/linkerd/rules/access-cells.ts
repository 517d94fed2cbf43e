import type {AccessRule} from '../../../intent/intent.ts'
import {callersKey, everybody, union, without, type Callers, type ResolvedRule} from './callers.ts'
import type {Literal} from './literal-regex.ts'
import {contains, pathKey, type PathPattern} from './path-pattern.ts'

/**
 * Some requests, and who may make them. Where a request is in two cells, the proxy takes the one with a path before the
 * one without, and the one with a method before the one without.
 */
export interface Cell {
  readonly path: PathPattern | undefined
  readonly method: string | undefined
  readonly callers: Callers
  /** The kubelet may ask it too. */
  readonly probe: boolean
}

export type Cells =
  | {readonly ok: true; readonly cells: readonly Cell[]}
  /** The rule whose denial no list of names says. */
  | {readonly ok: false; readonly denial: AccessRule}

/**
 * All requests, taken apart so that the same rules hold for each part. A proxy takes one route for a request and asks
 * no other one, so that rules that overlap are brought together here. Where no rule allows, everybody whom `unnamed`
 * stands for may call.
 */
export function accessCells(rules: readonly ResolvedRule[], probes: readonly string[], unnamed: Callers): Cells {
  const cells: Cell[] = []
  const base = rules.some(({rule}) => rule.action === 'ALLOW') ? undefined : unnamed
  const scoped = isScoped(rules)
  for (const atom of scoped ? pathAtoms(rules, probes) : [{path: undefined, sample: undefined}]) {
    const probe = atom.sample?.kind === 'exact' && probes.includes(atom.sample.value)
    const matching = rules.filter(({rule}) => matchesAtom(rule, atom.sample))
    const others = decide(matching, undefined, base)
    if (!others.ok) return others
    const methods = new Set(matching.flatMap(({rule}) => rule.methods))
    if (probe) methods.add('GET')
    for (const method of [...methods].sort()) {
      const own = decide(matching, method, base)
      if (!own.ok) return own
      const asProbe = probe && method === 'GET'
      if (asProbe || callersKey(own.callers) !== callersKey(others.callers))
        cells.push({path: atom.path, method, callers: own.callers, probe: asProbe})
    }
    cells.push({path: atom.path, method: undefined, callers: others.callers, probe: false})
  }
  return {ok: true, cells}
}

/** True where who may call depends on the request. */
export function isScoped(rules: readonly ResolvedRule[]): boolean {
  return rules.some(({rule}) => rule.methods.length > 0 || rule.paths.length > 0)
}

type Decision = {readonly ok: true; readonly callers: Callers} | {readonly ok: false; readonly denial: AccessRule}

/** Whoever ALLOW rules name (or `base`), without whoever a DENY rule names. */
function decide(rules: readonly ResolvedRule[], method: string | undefined, base: Callers | undefined): Decision {
  const holding = rules.filter(
    ({rule}) => rule.methods.length === 0 || (method !== undefined && rule.methods.includes(method)),
  )
  const allowed = holding.filter(({rule}) => rule.action === 'ALLOW').map(({callers}) => callers)
  let callers = base ?? union(allowed)
  const denying = holding.filter(({rule}) => rule.action === 'DENY')
  // A denial of everybody says it for all others.
  if (denying.some((one) => one.callers === everybody)) return {ok: true, callers: union([])}
  for (const {rule, callers: denied} of denying) {
    const rest = without(callers, denied)
    if (rest === undefined) return {ok: false, denial: rule}
    callers = rest
  }
  return {ok: true, callers}
}

interface Atom {
  readonly path: PathPattern | undefined
  /** The longest text that all paths of the atom begin with, or are; absent: nothing that a rule writes. */
  readonly sample: Literal | undefined
}

/** Paths by which texts of the rules they are or begin with. */
function pathAtoms(rules: readonly ResolvedRule[], probes: readonly string[]): readonly Atom[] {
  const written = [
    ...rules.flatMap(({rule}) => rule.paths.map(literalOf)),
    ...probes.map((value): Literal => ({kind: 'exact', value})),
  ]
  const everyPath: Literal = {kind: 'prefix', value: ''}
  const literals = new Map([...written, everyPath].map((literal) => [`${literal.value} ${literal.kind}`, literal]))
  const sorted = [...literals].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, literal]) => literal)
  const atoms = sorted.map((literal): Atom => {
    if (literal.kind === 'exact') return {path: {kind: 'exact', value: literal.value}, sample: literal}
    const within = sorted.filter((other) => other !== literal && other.value.startsWith(literal.value))
    const holes = within.filter(
      (hole) => !within.some((other) => other !== hole && other.kind === 'prefix' && isWithin(hole, other)),
    )
    // No path at all ranks as one character, below every path but the root.
    const whole = literal.value === '' && !written.some((one) => contains(one, '/'))
    return {path: whole ? undefined : {kind: 'prefix', value: literal.value, holes}, sample: literal}
  })
  const once = new Map(atoms.map((atom) => [pathKey(atom.path), atom]))
  return [...once.values()]
}

function isWithin(hole: Literal, prefix: Literal): boolean {
  return hole.value.startsWith(prefix.value) && !(hole.kind === 'prefix' && hole.value === prefix.value)
}

/** `*` stands at the end only; a path without one is itself. */
function literalOf(path: string): Literal {
  return path.endsWith('*') ? {kind: 'prefix', value: path.slice(0, -1)} : {kind: 'exact', value: path}
}

function matchesAtom({paths}: AccessRule, sample: Literal | undefined): boolean {
  if (paths.length === 0) return true
  if (sample === undefined) return false
  return paths
    .map(literalOf)
    .some(({kind, value}) =>
      kind === 'prefix' ? sample.value.startsWith(value) : sample.kind === 'exact' && sample.value === value,
    )
}
