import type {MeshSection} from '../../config/schema.ts'
import type {SettingsProblem} from '../mesh.ts'
import {isValues, type Values} from '../values.ts'
import {chartDefaults, compatibilityProfiles, platformProfiles, profiles} from './defaults.ts'

export type ChartValues =
  | {readonly ok: true; readonly values: Values; readonly platform: string}
  | {readonly ok: false; readonly problems: readonly SettingsProblem[]}

export const valuesPath = ['mesh', 'istio', 'values'] as const

/**
 * The values that the istiod chart's templates see: its defaults, the profile files that the user's values choose, and those
 * values themselves; then everything under `pilot` is laid over the top level.
 */
export function chartValues(section: MeshSection, neutral: Values): ChartValues {
  const problems: SettingsProblem[] = []
  const written = lay({}, section.istio?.values ?? {})
  const withMesh =
    section.istio?.meshConfig === undefined ? written : lay(written, {meshConfig: section.istio.meshConfig})
  const user = lay(withMesh, neutral)
  const global = mapAt(user, 'global')
  const chosen = [
    {key: 'profile', name: firstText(user['profile'], global['profile']), files: profiles},
    {key: 'compatibilityVersion', name: firstText(user['compatibilityVersion']), files: compatibilityProfiles},
    {key: 'global.platform', name: firstText(user['platform'], global['platform']), files: platformProfiles},
  ]
  let values = chartDefaults
  for (const {key, name, files} of chosen) {
    if (name === undefined) continue
    const file = files.get(name)
    if (file === undefined) {
      const known = [...files.keys()].join(', ')
      problems.push({
        path: [...valuesPath, ...key.split('.')],
        message: `${JSON.stringify(name.slice(0, 60))} is unknown to the istiod chart; it has ${known}`,
      })
    } else values = lay(values, file)
  }
  if (problems.length > 0) return {ok: false, problems}
  values = lay(values, user)
  values = lay(values, mapAt(values, 'pilot'))
  return {ok: true, values, platform: firstText(global['platform'], user['platform']) ?? ''}
}

/** Helm's mergeOverwrite: maps merge, an empty list does not replace a full one, null is kept and means nothing is set. */
export function lay(base: Values, over: Values): Values {
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key)
    if (isValues(value) && isValues(below)) merged.set(key, lay(below, value))
    else if (!(Array.isArray(value) && value.length === 0 && Array.isArray(below))) merged.set(key, value)
  }
  return Object.fromEntries(merged)
}

/** Typed reading of values by dotted path; what is absent or null reads as empty. */
export class Chart {
  readonly #values: Values
  /** Values by path: they never change, and the paths are few and our own. */
  readonly #found = new Map<string, unknown>()

  constructor(values: Values) {
    this.#values = values
  }

  at(path: string): unknown {
    if (this.#found.has(path)) return this.#found.get(path)
    const value = this.#find(path)
    this.#found.set(path, value)
    return value
  }

  #find(path: string): unknown {
    let value: unknown = this.#values
    for (const key of path.split('.')) {
      if (!isValues(value) || !Object.hasOwn(value, key)) return undefined
      value = value[key]
    }
    return value
  }

  /** Numbers and booleans as the chart's templates print them. */
  text(path: string): string {
    const value = this.at(path)
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
  }

  number(path: string): number {
    return Number(this.at(path) ?? 0)
  }

  /** As a Go template's `if` takes the value: anything but its zero. */
  truthy(path: string): boolean {
    const value = this.at(path)
    if (Array.isArray(value)) return value.length > 0
    if (isValues(value)) return Object.keys(value).length > 0
    return Boolean(value)
  }

  map(path: string): Values {
    const value = this.at(path)
    return isValues(value) ? value : {}
  }

  list(path: string): readonly unknown[] {
    const value = this.at(path)
    return Array.isArray(value) ? value : []
  }
}

function mapAt(values: Values, key: string): Values {
  const value = values[key]
  return isValues(value) ? value : {}
}

/** Helm's coalesce: the first that is not empty. */
function firstText(...candidates: readonly unknown[]): string | undefined {
  for (const candidate of candidates) {
    if (typeof candidate === 'string' && candidate !== '') return candidate
    if (typeof candidate === 'number' && candidate !== 0) return String(candidate)
  }
  return undefined
}
