import {parseInteger} from '../go/int.ts'
import type {Container} from '../pod.ts'
import type {Annotations} from './annotations.ts'
import {shown} from './shown.ts'

export interface PortValue {
  readonly port: number
  /** False where Go returns an error; the port is then what Go returns beside it. */
  readonly valid: boolean
}

/** The largest value of 32 bits, which Go's ParseInt gives back together with its range error. */
const mostInt32 = 2_147_483_647

/** The ports of a pod, by the names that its containers give them; of equal names the first counts. */
export class PodPorts {
  readonly #containers: readonly Container[]
  #names: Map<string, number> | undefined

  constructor(containers: readonly Container[]) {
    this.#containers = containers
  }

  /**
   * The port that a text stands for: the part before the first comma, as a name, else as a number in Go's notation (0x,
   * 0b, 0o, a leading 0 for octal, underscores). An empty text finds a port without a name, as it does in the injector.
   */
  value(text: string): PortValue {
    const comma = text.indexOf(',')
    const wanted = comma < 0 ? text : text.slice(0, comma)
    const named = this.#named().get(wanted)
    if (named !== undefined) return {port: named, valid: true}
    const parsed = parseInteger(wanted, 0, 32)
    if (parsed.ok) return {port: Number(parsed.value), valid: true}
    if (parsed.error === 'invalid syntax') return {port: 0, valid: false}
    return {port: wanted.startsWith('-') ? -mostInt32 - 1 : mostInt32, valid: false}
  }

  /**
   * The port that an annotation names, or the default's. The annotation is checked against `lowest` to 65535; the default
   * is not, for the mesh checks it elsewhere or not at all.
   */
  annotated(annotations: Annotations, key: string, otherwise: string, lowest: 1 | 1024): number {
    const text = annotations.text(key)
    if (text === undefined) {
      // The usual default is no name, for a name of digits only is none that Kubernetes takes.
      if (/^[1-9][0-9]{0,4}$/.test(otherwise)) return Number(otherwise)
      const {port, valid} = this.value(otherwise)
      if (!valid) {
        annotations.refuse(
          `${shown(otherwise)} is not a port of the pod; name one that a container declares, or a number`,
        )
      }
      return port
    }
    const {port, valid} = this.value(text)
    if (!valid) annotations.refuseValue(key, 'that is neither the name of a port of the pod nor a port number')
    else if (port < lowest || port > 65535) annotations.refuseValue(key, `the port must be from ${lowest} to 65535`)
    return port
  }

  #named(): ReadonlyMap<string, number> {
    if (this.#names === undefined) {
      this.#names = new Map()
      for (const {ports} of this.#containers) {
        for (const {name = '', containerPort = 0} of ports ?? []) {
          if (!this.#names.has(name)) this.#names.set(name, containerPort)
        }
      }
    }
    return this.#names
  }
}
