import {closest, distance} from 'fastest-levenshtein'
import type {z} from 'zod'
import {dotted} from './problem.ts'
import {fileSchema} from './schema.ts'
import {keysOf, knownPaths} from './shape.ts'

/** The known name that a typing error most likely meant; undefined where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || name.length > 100) return undefined
  const folded = new Map(known.map((candidate) => [candidate.toLowerCase(), candidate]))
  const near = closest(name.toLowerCase(), [...folded.keys()])
  // Two letters that changed places count as two.
  const reach = name.length < 4 ? Math.floor(name.length / 2) : Math.max(2, Math.floor(name.length / 3))
  return distance(name.toLowerCase(), near) <= reach ? folded.get(near) : undefined
}

/** `; did you mean staging?`, or the names there are, for the end of a sentence. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  if (near !== undefined) return `; did you mean ${near}?`
  return known.length === 0 ? '' : `; there is ${known.join(', ')}`
}

/** Every place of the schema where a key of this name stands. */
const homesOf = Map.groupBy(
  [...knownPaths(fileSchema)].map((path) => ({name: path.at(-1), place: dotted(path)})),
  ({name}) => name,
)

/**
 * What to do about a key that `schema` does not have: the key that was meant, and the place where a key of exactly
 * this name belongs.
 */
export function keyAdvice(key: string, schema: z.core.$ZodType): string {
  const siblings = [...(keysOf(schema)?.keys() ?? [])]
  const near = nearestName(key, siblings)
  if (near?.toLowerCase() === key.toLowerCase()) return `; did you mean ${near}?`
  const homes = homesOf.get(key)
  const home = homes === undefined ? '' : `${key} belongs at ${homes.map(({place}) => place).join(' or ')}`
  if (near !== undefined) return `; did you mean ${near}?${home === '' ? '' : ` (${home})`}`
  if (home !== '') return `; ${home}`
  return siblings.length === 0 ? '' : `; known here: ${siblings.join(', ')}`
}
