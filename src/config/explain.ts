import {z} from 'zod'
import {effects, type Effect} from './effects.ts'
import {keyAdvice} from './keys.ts'
import type {LoadedConfiguration} from './load.ts'
import {dotted} from './problem.ts'
import {originOf, text} from './render.ts'
import {baseOnlyKeys, fileSchema} from './schema.ts'
import {alternative, description, expects, keysOf, schemaBelow} from './shape.ts'
import {canonicalPath, spellings} from './spelling.ts'
import {at} from './tree.ts'

/** What `config explain KEY` tells. */
export interface Explanation {
  readonly key: string
  /** What the value must be. */
  readonly type: string
  readonly default?: string
  readonly description: string
  readonly setBy: string
  readonly otherSpellings: readonly string[]
  /** Of a section, its keys. */
  readonly keys: readonly string[]
  readonly effect?: Effect
  /** Its value in the base (environment absent) and in each environment that resolves to another one. */
  readonly values: readonly {readonly environment?: string; readonly value: string; readonly origin: string}[]
}

export type Explained =
  | {readonly ok: true; readonly explanation: Explanation}
  | {readonly ok: false; readonly message: string}

/** Explains a key in any of its spellings; a path into Helm values tells of those values. */
export function explain(key: string, loaded: LoadedConfiguration): Explained {
  const path = key.split('.')
  let schema: z.core.$ZodType = fileSchema
  let known = path
  for (const [index, step] of path.entries()) {
    const below = schemaBelow(schema, step)
    if (below === undefined) {
      if (keysOf(schema) !== undefined) {
        return {ok: false, message: `unknown key ${dotted(path.slice(0, index + 1))}${keyAdvice(step, schema)}`}
      }
      known = path.slice(0, index)
      break
    }
    schema = below
  }
  const names = canonicalPath(known).map(String)
  const canonical = dotted(names)
  const asked = known.length < path.length ? path : names
  const same = spellings.find((spelling) => dotted(spelling.canonical) === canonical)
  const bare = alternative(schema, false)
  const fallback = z.globalRegistry.get(bare)?.['default']
  const effect = effects.get(canonical)
  return {
    ok: true,
    explanation: {
      key: dotted(asked),
      type: known.length < path.length ? 'part of a map in the words of the mesh' : expects(schema),
      ...(typeof fallback === 'string' ? {default: fallback} : {}),
      description: description(schemaOf(names) ?? schema),
      setBy: isBaseOnly(names) ? 'the base only' : 'the base, templates and environments',
      otherSpellings: (same?.written ?? []).map((path) => dotted(path)).filter((spelling) => spelling !== canonical),
      keys: [...(keysOf(schema)?.keys() ?? [])],
      ...(effect === undefined ? {} : {effect}),
      values: valuesOf(asked, loaded),
    },
  }
}

function schemaOf(path: readonly string[]): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((here, step) => here && schemaBelow(here, step), fileSchema)
}

function isBaseOnly([section, key]: readonly string[]): boolean {
  return section === 'mesh' && baseOnlyKeys.some((name) => name === key)
}

function valuesOf(path: readonly string[], loaded: LoadedConfiguration): Explanation['values'] {
  let base: string | undefined
  return [undefined, ...loaded.environments].flatMap((environment) => {
    const resolution = loaded.resolve(environment)
    if (!resolution.ok) return []
    const node = at(resolution.resolved.provenance, path)
    const value = node === undefined ? 'absent' : text(node)
    if (environment === undefined) base = value
    else if (value === base) return []
    const origin = node === undefined || node.kind === 'map' ? '' : originOf(node)
    return [{...(environment === undefined ? {} : {environment}), value, origin}]
  })
}
