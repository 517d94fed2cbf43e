import {parseInteger} from '../go/int.ts'
import type {MeshSection} from '../../config/schema.ts'
import {releaseNamespace} from './keys.ts'

/** The cluster's DNS as the injector reads it from its own resolv.conf. */
export interface ClusterDns {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  /** Options of a pod's dnsConfig; those that are the resolver's defaults are left out. */
  readonly options: readonly {readonly name: string; readonly value: string}[]
}

/** The bounds that github.com/miekg/dns puts around each option; the defaults are resolv.conf's own. */
const known = [
  {name: 'ndots', least: 0, most: 15, usual: 1},
  {name: 'timeout', least: 1, most: Infinity, usual: 5},
  {name: 'attempts', least: 1, most: Infinity, usual: 2},
] as const

type WrittenDns = NonNullable<NonNullable<MeshSection['consul']>['clusterDNS']>

export function readClusterDns(given: WrittenDns): ClusterDns {
  const {nameservers = [], searches = [], options = []} = given
  return {
    nameservers,
    searches,
    options: known.flatMap(({name, least, most, usual}) => {
      const written = options.findLast((option) => option.startsWith(`${name}:`))
      if (written === undefined) return []
      const parsed = parseInteger(written.slice(name.length + 1), 10, 32)
      const value = Math.min(most, Math.max(least, parsed.ok ? Number(parsed.value) : 0))
      return value === usual ? [] : [{name, value: String(value)}]
    }),
  }
}

/**
 * What the resolv.conf of a pod in `namespace` says of the cluster's DNS, as it would be read by an injector that runs
 * where Consul's does: of two `search` lines the last counts, as in resolv.conf(5).
 */
export function readResolvConf(text: string, namespace: string): WrittenDns {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/))
  const of = (keyword: string) => lines.filter(([word]) => word === keyword).map(([, ...words]) => words)
  const own = `${namespace}.svc.`
  return {
    nameservers: of('nameserver').flatMap(([address]) => address ?? []),
    searches: (of('search').at(-1) ?? []).map((search) =>
      search.startsWith(own) ? `${releaseNamespace}.svc.${search.slice(own.length)}` : search,
    ),
    options: of('options').flat(),
  }
}
