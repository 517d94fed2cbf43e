import {dotted, shown} from '../config/problem.ts'
import type {Path} from '../config/tree.ts'
import type {RuleFinding} from '../mesh/translation.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {milliseconds} from '../rules/value.ts'
import {askedInWords} from './asked.ts'
import type {Worded} from './configured.ts'
import type {Traffic} from './intent.ts'
import type {Origin} from './origin.ts'
import {ignored, refused} from './problem.ts'
import type {Site} from './site.ts'

/**
 * A rule in Istio's words while it is read: what neutral words can say is taken, what they cannot is noted as beyond
 * them, and what Istio itself would not take is a problem.
 */
export class Wording {
  readonly problems: RuleFinding[] = []
  readonly beyond: Traffic['beyond'][number][] = []
  readonly #site: Site
  /** Where the rule stands in the configuration. */
  readonly #root: Path

  constructor(site: Site, {path}: Worded) {
    this.#site = site
    this.#root = path
  }

  /** Of a part of the rule; `path` is that inside the rule. */
  origin(path: Path): Origin {
    return this.#site.at([...this.#root, ...path])
  }

  noteBeyond(path: Path, told = ''): void {
    this.beyond.push({field: `${dotted(path)}${told}`, origin: this.origin(path)})
  }

  /** Notes every key of a map but those that are read; says whether there was any. */
  noteOthers(map: Values, path: Path, read: readonly string[]): boolean {
    const others = Object.keys(map).filter((key) => !read.includes(key) && map[key] !== null)
    for (const key of others) this.noteBeyond([...path, key])
    return others.length > 0
  }

  refuse(code: RuleFinding['code'], feature: RuleFinding['feature'], path: Path, message: string): undefined {
    this.problems.push(refused(code, feature, this.origin(path), message))
  }

  ignore(code: RuleFinding['code'], feature: RuleFinding['feature'], path: Path, message: string): void {
    this.problems.push(ignored(code, feature, this.origin(path), message))
  }

  map(value: unknown, path: Path): Values {
    if (value === undefined || value === null) return {}
    if (isValues(value)) return value
    this.refuse('MW6005', askedInWords(path), path, `${dotted(path.slice(-1))} must be a map, found ${shown(value)}`)
    return {}
  }

  list(value: unknown, path: Path): readonly unknown[] {
    if (value === undefined || value === null) return []
    if (Array.isArray(value)) return value
    this.refuse('MW6005', askedInWords(path), path, `${dotted(path.slice(-1))} must be a list, found ${shown(value)}`)
    return []
  }

  text(value: unknown, path: Path): string | undefined {
    if (value === undefined || value === null) return undefined
    if (typeof value === 'string' && value !== '') return value
    return this.refuse(
      'MW6005',
      askedInWords(path),
      path,
      `${dotted(path.slice(-1))} must be a text, found ${shown(value)}`,
    )
  }

  /** A whole number from 0. */
  count(value: unknown, path: Path): number | undefined {
    if (value === undefined || value === null) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    const message = `${dotted(path.slice(-1))} must be a whole number from 0, found ${shown(value)}`
    return this.refuse('MW6005', askedInWords(path), path, message)
  }

  /** In milliseconds; undefined where it is absent or 0, which in Istio's words is none. */
  duration(value: unknown, path: Path): number | undefined {
    const text = this.text(value, path)
    if (text === undefined || /^0(\.0*)?(ms|s|m|h)$/.test(text)) return undefined
    const whole = milliseconds(text)
    if (whole !== undefined) return whole
    const message = `${dotted(path.slice(-1))} must be a duration from 1ms to 24h, such as 500ms or 10s, found ${shown(value)}`
    return this.refuse('MW6005', askedInWords(path), path, message)
  }
}
