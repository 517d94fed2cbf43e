import type {SettingsProblem} from '../mesh/mesh.ts'
import type {ResolvedConfiguration} from './load.ts'
import {dotted, problemAtKey, type ConfigProblem} from './problem.ts'
import {nearest} from './tree.ts'

/** What a mesh cannot use, with the place where it was written: the deepest part of its path that a file holds. */
export function locateProblems(
  {provenance, environment}: ResolvedConfiguration,
  problems: readonly SettingsProblem[],
): readonly ConfigProblem[] {
  return problems.map(({path, message}) => {
    const key = dotted(path)
    const named = message.includes(key) || key === '' ? message : `${key}: ${message}`
    const inside = environment === undefined ? '' : ` (environment ${environment})`
    return problemAtKey(nearest(provenance, path), 'MW4018', `${named}${inside}`)
  })
}
