import {parseBool} from '../go/bool.ts'
import {parseInteger, parseUnsigned} from '../go/int.ts'
import type {StringMap} from '../pod.ts'
import {keyPrefix} from './keys.ts'
import {shown} from './shown.ts'

const nothing: ReadonlyMap<string, string> = new Map()

/**
 * A pod's annotations under `consul.hashicorp.com/`, named by the rest of their key. Reading goes on after a value that
 * cannot be used; the first such value is what the pod is refused for.
 */
export class Annotations {
  readonly #values: ReadonlyMap<string, string>
  #refusal: string | undefined

  constructor(annotations: StringMap | undefined) {
    this.#values = ours(annotations)
  }

  get refusal(): string | undefined {
    return this.#refusal
  }

  get(key: string): string | undefined {
    return this.#values.get(key)
  }

  /** The text of an annotation that counts only where it is not empty. */
  text(key: string): string | undefined {
    return this.#values.get(key) || undefined
  }

  refuse(sentence: string): void {
    this.#refusal ??= sentence
  }

  refuseValue(key: string, reason: string): void {
    this.refuse(`annotation ${keyPrefix}${key} is ${shown(this.#values.get(key) ?? '')}: ${reason}`)
  }

  /** A boolean as Go's strconv.ParseBool reads it; undefined where it is absent. */
  flag(key: string): boolean | undefined {
    const text = this.#values.get(key)
    return text === undefined ? undefined : this.#parseFlag(key, text)
  }

  /** The same for the annotations that the injector takes for absent when they are empty. */
  flagUnlessEmpty(key: string): boolean | undefined {
    const text = this.text(key)
    return text === undefined ? undefined : this.#parseFlag(key, text)
  }

  /** A whole number of 64 bits, as text: Go reads it unsigned and prints it signed. */
  unsigned(key: string): string | undefined {
    const text = this.#values.get(key)
    if (text === undefined) return undefined
    const parsed = parseUnsigned(text, 10, 64)
    if (parsed.ok) return String(BigInt.asIntN(64, parsed.value))
    this.refuseValue(key, 'that is not a whole number; write digits only')
    return undefined
  }

  /** A number of a probe, cut to 32 bits; 0, which leaves the field out, for what is no positive number. */
  probeNumber(key: string, otherwise: number): number {
    const text = this.#values.get(key)
    if (text === undefined) return otherwise
    const parsed = parseInteger(text, 10, 64)
    return parsed.ok && parsed.value > 0n ? Math.max(0, Number(BigInt.asIntN(32, parsed.value))) : 0
  }

  /** A list with commas between, its items untrimmed and unchecked, as the injector reads it. */
  list(key: string): readonly string[] {
    return this.#values.get(key)?.split(',') ?? []
  }

  #parseFlag(key: string, text: string): boolean | undefined {
    const value = parseBool(text)
    if (value === undefined) this.refuseValue(key, 'that is not a boolean; write "true" or "false"')
    return value
  }
}

function ours(annotations: StringMap | undefined): ReadonlyMap<string, string> {
  if (annotations === undefined) return nothing
  let found: Map<string, string> | undefined
  for (const key of Object.keys(annotations)) {
    if (!key.startsWith(keyPrefix)) continue
    found ??= new Map()
    found.set(key.slice(keyPrefix.length), annotations[key] ?? '')
  }
  return found ?? nothing
}
