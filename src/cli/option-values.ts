import {isIP} from 'node:net'
import {InvalidArgumentError} from 'commander'
import {parseDuration} from '../mesh/go/duration.ts'

/** A port; 0 takes any. */
export function portValue(value: string): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.')
  return number
}

/** A duration with its unit, in milliseconds. */
export function durationValue(shortest: number, longest: number, range: string): (value: string) => number {
  return (value) => {
    const duration = Number(parseDuration(value) ?? -1n) / 1e6
    if (duration < shortest || duration > longest) {
      throw new InvalidArgumentError(`It must be a duration with its unit, such as 5s, ${range}.`)
    }
    return duration
  }
}

/** A file that is watched, which standard input cannot be. */
export function watchedFile(value: string): string {
  if (value === '-') throw new InvalidArgumentError('Its files are watched, and standard input is none.')
  return value
}

/** A host name or an IP address. */
export function hostValue(value: string): string {
  const name = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i
  if (value.length > 253 || (isIP(value) === 0 && !name.test(value))) {
    throw new InvalidArgumentError('It must be a host name or an IP address.')
  }
  return value
}
