import type {StringMap} from '../mesh/pod.ts'
import {comparable, sameVersion} from '../rules/version.ts'
import type {PodFacts} from './intent.ts'

/** The label by which pods say their version where a rule gives no labels. */
export const versionLabel = 'version'

/**
 * Labels of a version that was given none. The pods' own spelling counts: `v1.0.0` is also what pods labelled `1.0.0`
 * run, unless others carry the very name.
 */
export function defaultLabels(name: string, pods: readonly PodFacts[] = []): StringMap {
  const spellings = versionsOf(pods)
  if (spellings.includes(name)) return {[versionLabel]: name}
  const other = spellings.find((spelling) => sameVersion(spelling, name))
  return {[versionLabel]: other ?? name}
}

/** Versions that pods say they are, in order. */
export function versionsOf(pods: readonly PodFacts[]): readonly string[] {
  const labels = pods.flatMap(({labels}) => (Object.hasOwn(labels, versionLabel) ? [labels[versionLabel] ?? ''] : []))
  return [...new Set(labels)].filter((label) => label !== '').sort()
}

/** True where the pod carries every label. */
export function carries(pod: PodFacts, labels: StringMap): boolean {
  return Object.entries(labels).every(([key, value]) => Object.hasOwn(pod.labels, key) && pod.labels[key] === value)
}

/** Each version once, in the first spelling. */
export function distinctVersions(names: readonly string[]): readonly string[] {
  const byVersion = new Map<string, string>()
  for (const name of names) if (!byVersion.has(comparable(name))) byVersion.set(comparable(name), name)
  return [...byVersion.values()]
}
