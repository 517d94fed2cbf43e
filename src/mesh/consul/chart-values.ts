import {parseBool} from '../go/bool.ts'
import {parseInteger} from '../go/int.ts'
import {canonicalQuantity, compareQuantities, parseQuantity} from '../go/quantity.ts'
import type {SettingsProblem} from '../mesh.ts'
import {isValues, type Values} from '../values.ts'
import {shown} from './shown.ts'

export type Resource = 'cpu' | 'memory'
export type ResourceSide = 'requests' | 'limits'
export type ResourceTexts = Readonly<Record<ResourceSide, Readonly<Partial<Record<Resource, string>>>>>

const noneOf = {requests: {}, limits: {}} as const

/** Reads chart values as the chart's templates and the injector's flags do, and collects what they would stumble over. */
export class ChartValues {
  readonly #values: Values
  readonly #origins: ReadonlyMap<string, string>
  readonly #problems: SettingsProblem[] = []

  /** `origins` names, for the values that neutral keys stand for, the key that the user wrote. */
  constructor(values: Values, origins: ReadonlyMap<string, string> = new Map()) {
    this.#values = values
    this.#origins = origins
  }

  get problems(): readonly SettingsProblem[] {
    return this.#problems
  }

  /** `path` is dotted, as in Helm's documentation; it is reported where the user wrote it. */
  refuse(path: string, message: string): void {
    this.#problems.push({path: this.#origin(path).split('.'), message})
  }

  at(path: string): unknown {
    let value: unknown = this.#values
    for (const key of path.split('.')) {
      value = isValues(value) && Object.hasOwn(value, key) ? value[key] : undefined
    }
    return value
  }

  /** What a template's `if` makes of a value: empty text, zero and empty lists and maps are false too. */
  truth(path: string): boolean {
    const value = this.at(path)
    if (Array.isArray(value)) return value.length > 0
    if (isValues(value)) return Object.keys(value).length > 0
    return Boolean(value)
  }

  /** `-` stands for another value. */
  truthOr(path: string, inherited: boolean): boolean {
    return this.at(path) === '-' ? inherited : this.truth(path)
  }

  /** A value that a template prints and the injector reads as a boolean flag. */
  flag(path: string): boolean {
    const text = this.text(path)
    const value = parseBool(text)
    if (value === undefined) this.refuse(path, `${shown(text)} is not a boolean; write true or false`)
    return value ?? false
  }

  /** A scalar as a template prints it; '' where there is none. */
  text(path: string): string {
    const value = this.at(path)
    if (value === undefined || value === null) return ''
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
    this.refuse(path, 'a single text, number or boolean belongs here')
    return ''
  }

  /**
   * Text that the chart puts between double quotes into the injector's shell command: a backslash escapes, and a bare
   * quote, dollar or backtick would end or change the command.
   */
  shellText(path: string): string {
    const text = this.text(path)
    if (!/["$`\\]/.test(text)) return text
    const bare = text.replace(/\\["$`\\\n]/g, '')
    if (/["$`]/.test(bare)) {
      this.refuse(path, 'the chart writes this into a shell command; put a backslash before each ", $ and `')
    }
    return text.replace(/\\(["$`\\\n])/g, (_, escaped: string) => (escaped === '\n' ? '' : escaped))
  }

  /** A whole number; `fallback` where the chart leaves the flag out, for nothing or zero. */
  integer(path: string, fallback = 0): number {
    if (!this.truth(path)) return fallback
    const text = this.text(path)
    const parsed = parseInteger(text, 0, 64)
    if (!parsed.ok || !Number.isSafeInteger(Number(parsed.value))) {
      this.refuse(path, `${shown(text)} is not a whole number`)
      return fallback
    }
    return Number(parsed.value)
  }

  texts(path: string): readonly string[] {
    const value = this.at(path)
    if (value === undefined || value === null) return []
    if (Array.isArray(value)) return value.map(String)
    this.refuse(path, 'a list of texts belongs here')
    return []
  }

  /** Requests and limits under `path`; `defaults` are those of the injector's flags, for values that are absent. */
  resources(path: string, defaults: ResourceTexts = noneOf): ResourceTexts {
    const resources = {
      requests: this.#side(`${path}.requests`, defaults.requests),
      limits: this.#side(`${path}.limits`, defaults.limits),
    }
    for (const resource of ['cpu', 'memory'] as const) {
      const [request, limit] = [parsed(resources.requests[resource]), parsed(resources.limits[resource])]
      if (request === undefined || limit === undefined) continue
      if (compareQuantities(request, limit) > 0) {
        this.refuse(`${path}.requests.${resource}`, `the request is above the limit at ${path}.limits.${resource}`)
      }
    }
    return resources
  }

  #origin(path: string): string {
    for (const [chartPath, key] of this.#origins) {
      if (path === chartPath || path.startsWith(`${chartPath}.`)) return key + path.slice(chartPath.length)
    }
    return `mesh.consul.values.${path}`
  }

  #side(path: string, defaults: Partial<Record<Resource, string>>): Partial<Record<Resource, string>> {
    const side: Partial<Record<Resource, string>> = {}
    for (const resource of ['cpu', 'memory'] as const) {
      const at = `${path}.${resource}`
      const text = this.at(at) === undefined ? defaults[resource] : this.text(at)
      if (text === undefined || text === '') continue
      const quantity = canonicalQuantity(text)
      if (quantity === undefined || quantity.startsWith('-')) {
        this.refuse(
          at,
          `${shown(text)} is not a quantity of ${resource}, such as ${resource === 'cpu' ? '100m' : '128Mi'}`,
        )
      } else {
        side[resource] = quantity
      }
    }
    return side
  }
}

function parsed(text: string | undefined) {
  return text === undefined ? undefined : parseQuantity(text)
}
