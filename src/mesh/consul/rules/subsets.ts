import type {PodFacts, ServiceFacts, Subset} from '../../../intent/intent.ts'
import type {Origin} from '../../../intent/origin.ts'
import {sameVersion} from '../../../rules/version.ts'
import type {Values} from '../../values.ts'
import {byText} from '../../text-order.ts'
import type {Findings} from './findings.ts'
import {subsetName} from './names.ts'
import {hasLabels, hasMeta, metaAnnotation, metaFilter} from './service-meta.ts'

/** The subsets of one service under their names in Consul. */
export class Subsets {
  readonly #filters = new Map<string, string>()
  readonly #subsets: readonly Subset[]
  #everything: string | undefined

  constructor(subsets: readonly Subset[], facts: ServiceFacts | undefined, findings: Findings) {
    this.#subsets = subsets.toSorted((one, other) => byText(one.name, other.name))
    const versions = new Map<string, string>()
    for (const {name: version, labels, origin} of this.#subsets) {
      const name = subsetName(version)
      const known = name === undefined ? undefined : versions.get(name)
      if (name === undefined) {
        findings.refused(
          'MW6306',
          'subsets',
          origin,
          `${version} cannot become a subset's name, which is at most 63 lower-case letters, digits and dashes`,
        )
      } else if (known !== undefined) {
        findings.refused('MW6306', 'subsets', origin, `${version} and ${known} would both be the subset ${name}`)
      } else {
        versions.set(name, version)
        this.#filters.set(name, metaFilter(labels))
        checkMeta({version, labels, origin}, facts?.pods, findings)
      }
    }
  }

  /** The subset of a version as a rule writes it; undefined where the service has no such version. */
  nameOf(version: string): string | undefined {
    const subset =
      this.#subsets.find(({name}) => name === version) ?? this.#subsets.find(({name}) => sameVersion(name, version))
    return subset === undefined ? undefined : subsetName(subset.name)
  }

  /**
   * A subset of all pods: without one, a route to "the service" is a route to the service's split. Consul takes an empty
   * filter for every healthy instance.
   */
  everything(): string {
    if (this.#everything === undefined) {
      let name = 'all'
      while (this.#filters.has(name)) name += '-pods'
      this.#everything = name
    }
    return this.#everything
  }

  /** The spec of the ServiceResolver; undefined where there is nothing to resolve. */
  spec(): Values | undefined {
    const filters = [...this.#filters].map(([name, filter]) => [name, {filter}] as const)
    const all = this.#everything === undefined ? [] : [[this.#everything, {filter: ''}] as const]
    const subsets = [...filters, ...all].toSorted(([one], [other]) => byText(one, other))
    return subsets.length === 0 ? undefined : {subsets: Object.fromEntries(subsets)}
  }
}

interface Version {
  readonly version: string
  readonly labels: Subset['labels']
  readonly origin: Origin
}

/** The filter must pick the pods that the labels pick: pods are registered with their annotations, not their labels. */
function checkMeta(
  {version, labels, origin}: Version,
  pods: readonly PodFacts[] | undefined,
  findings: Findings,
): void {
  const wanted = Object.entries(labels).toSorted(([one], [other]) => byText(one, other))
  const unsayable = wanted.find(([label]) => metaAnnotation(label) === undefined)
  if (unsayable !== undefined) {
    const message = `the label ${unsayable[0]} cannot stand in an annotation consul.hashicorp.com/service-meta-KEY`
    return findings.refused('MW6307', 'subsets', origin, message)
  }
  const annotations = wanted
    .map(([label, value]) => `${metaAnnotation(label) ?? label}: ${JSON.stringify(value)}`)
    .join(', ')
  const labelled = pods?.filter((pod) => hasLabels(pod, labels)) ?? []
  const bare = labelled.find((pod) => !hasMeta(pod, labels))
  const stray = pods?.find((pod) => hasMeta(pod, labels) && !hasLabels(pod, labels))
  if (bare !== undefined) {
    const message = `pods of ${version} lack the annotation ${annotations}, by which alone Consul knows their version`
    findings.refused('MW6304', 'subsets', origin, message)
  } else if (stray !== undefined) {
    const message = `pods that are not ${version} carry its annotation ${annotations}, so Consul takes them for it`
    findings.refused('MW6304', 'subsets', origin, message)
  } else if (labelled.length === 0) {
    const message = `no pod of ${version} is known: it counts in Consul only with the annotation ${annotations}`
    findings.approximated('MW6305', 'subsets', origin, message)
  }
}
