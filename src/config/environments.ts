import type {Declarations, Environment, Patch} from './declarations.ts'
import {suggestion} from './keys.ts'
import {problemAt, shown, type ConfigProblem} from './problem.ts'
import {builtInTemplates} from './templates.ts'
import type {Leaf} from './tree.ts'

export type Layers =
  | {readonly ok: true; readonly layers: readonly Patch[]}
  | {readonly ok: false; readonly problems: readonly ConfigProblem[]}

/**
 * The layers of an environment, the lowest first: the base, the templates in the order named (the base's, then those of
 * the extends chain from its root on), the extends chain, the environment itself.
 */
export function layersOf(declarations: Declarations, environment: string | undefined): Layers {
  const problems: ConfigProblem[] = []
  const chain = environment === undefined ? [] : chainOf(declarations, environment, problems)
  // Of a template that is named twice, what its last naming overrides is all that shows.
  const used = new Map<string, Leaf>()
  for (const name of [...declarations.use, ...chain.flatMap(({use}) => use)]) {
    used.delete(String(name.value))
    used.set(String(name.value), name)
  }
  const templates = [...used.values()].flatMap((name) => templateOf(declarations, name, problems) ?? [])
  if (problems.length > 0) return {ok: false, problems}
  return {ok: true, layers: [declarations.base, ...templates, ...chain]}
}

/** The root of the chain first, the environment itself last. */
function chainOf({environments}: Declarations, name: string, problems: ConfigProblem[]): readonly Environment[] {
  const chain = new Map<string, Link>()
  let link: Leaf | undefined
  for (let next: string | undefined = name; next !== undefined;) {
    const environment = environments.get(next)
    if (environment === undefined) {
      const message = `unknown environment ${shown(next)}${suggestion(next, [...environments.keys()])}`
      problems.push(link === undefined ? {code: 'MW4012', message} : problemAt(link, 'MW4012', message))
      break
    }
    if (chain.has(next)) {
      problems.push(circle([...chain.values()].slice([...chain.keys()].indexOf(next))))
      break
    }
    chain.set(next, {name: next, environment})
    link = environment.extends
    next = link === undefined ? undefined : String(link.value)
  }
  return [...chain.values()].map(({environment}) => environment).reverse()
}

interface Link {
  readonly name: string
  readonly environment: Environment
}

/** Told from the same link on whichever environment was asked for, so that one circle is one problem. */
function circle(links: readonly Link[]): ConfigProblem {
  const names = links.map(({name}) => name)
  const start = names.indexOf([...names].sort()[0] ?? '')
  const [first, ...others] = [...links.slice(start), ...links.slice(0, start)]
  const told = [first, ...others, first].map((link) => link?.name ?? '').join(' -> ')
  return problemAt(first?.environment.extends ?? {}, 'MW4014', `environments extend each other: ${told}`)
}

function templateOf({templates}: Declarations, name: Leaf, problems: ConfigProblem[]): Patch | undefined {
  const text = String(name.value)
  const own = templates.get(text)
  if (own !== undefined) return own
  const tree = builtInTemplates.get(text)
  if (tree !== undefined) return {tree, findings: []}
  const known = new Set([...templates.keys(), ...builtInTemplates.keys()])
  problems.push(problemAt(name, 'MW4013', `unknown template ${shown(text)}${suggestion(text, [...known])}`))
  return undefined
}
