import {sha256} from '@noble/hashes/sha2.js'
import {bytesToHex, utf8ToBytes} from '@noble/hashes/utils.js'
import {comparable} from '../../../rules/version.ts'

/** What Istio takes as the name of a subset: a DNS label. */
const legal = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/
const longestName = 63

/** Names of the subsets of one service, one way and back. */
export interface SubsetNames {
  /** Of a version as a route names it; undefined where the service has none of that name. */
  nameOf(version: string): string | undefined
  /** As it was written. */
  versionOf(name: string): string | undefined
}

/**
 * Legal names keep themselves, `v1.1.0` becomes `v1-1-0`; where another version is called so already, or nothing legal
 * is left, a hash keeps them apart. The labels of the subset stay the pods' own.
 */
export function subsetNames(versions: readonly string[]): SubsetNames {
  const distinct = [...new Set(versions)]
  const plain = distinct.map(legalName)
  const named = new Map(
    distinct.map((version, index) => {
      const name = plain[index]
      const alone = plain.filter((other) => other === name).length === 1
      return [version, name !== undefined && (name === version || alone) ? name : hashed(name, version)]
    }),
  )
  const back = new Map([...named].map(([version, name]) => [name, version]))
  return {
    nameOf(version) {
      const written = named.get(version)
      if (written !== undefined) return written
      return [...named].find(([other]) => comparable(other) === comparable(version))?.[1]
    },
    versionOf: (name) => back.get(name),
  }
}

/** The name of a version of a service whose other versions nobody knows here. */
export function subsetName(version: string): string {
  return subsetNames([version]).nameOf(version) ?? version
}

function legalName(version: string): string | undefined {
  const name = version.toLowerCase().replace(/[^a-z0-9]/g, '-')
  return legal.test(name) ? name : undefined
}

function hashed(name: string | undefined, version: string): string {
  const hash = bytesToHex(sha256(utf8ToBytes(version))).slice(0, 8)
  return `${(name ?? 'version').slice(0, longestName - hash.length - 1)}-${hash}`
}
