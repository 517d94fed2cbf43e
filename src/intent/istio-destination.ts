import type {Path} from '../config/tree.ts'
import {shown} from '../config/problem.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {areLabels} from '../rules/label.ts'
import {sameVersion} from '../rules/version.ts'
import {breakerOf} from './draft.ts'
import type {Breaker, PodFacts, Subset} from './intent.ts'
import {defaultLabels} from './versions.ts'
import type {Wording} from './wording.ts'

/** Envoy's, which Istio has no field for: no endpoint stays ejected longer, unless its first ejection is. */
const longestEjection = 300_000
/** Istio's, where the rule says nothing (networking/v1alpha3 OutlierDetection). */
const usualErrors = 5
const usualEjection = 30_000

/** Subsets and breaker of a DestinationRule. */
export function readDestinationRule(
  spec: Values,
  wording: Wording,
  pods: readonly PodFacts[] | undefined,
): {readonly subsets: readonly Subset[]; readonly breaker?: Breaker} {
  wording.noteOthers(spec, [], ['host', 'subsets', 'trafficPolicy'])
  const subsets: Subset[] = []
  for (const [index, item] of wording.list(spec['subsets'], ['subsets']).entries()) {
    const subset = readSubset(item, ['subsets', index], wording, pods)
    if (subset === undefined) continue
    const known = subsets.find(({name}) => sameVersion(name, subset.name))
    if (known === undefined) subsets.push(subset)
    else {
      const told = known.name === subset.name ? '' : ' (a leading v before a digit does not count)'
      const message = `there are two subsets ${shown(subset.name)}${told}`
      wording.refuse('MW6005', 'subsets', ['subsets', index, 'name'], message)
    }
  }
  const policy = wording.map(spec['trafficPolicy'], ['trafficPolicy'])
  wording.noteOthers(policy, ['trafficPolicy'], ['outlierDetection'])
  const breaker = readOutlierDetection(policy['outlierDetection'], ['trafficPolicy', 'outlierDetection'], wording)
  return {subsets, ...(breaker === undefined ? {} : {breaker})}
}

function readSubset(
  item: unknown,
  path: Path,
  wording: Wording,
  pods: readonly PodFacts[] | undefined,
): Subset | undefined {
  const subset = wording.map(item, path)
  const name = wording.text(subset['name'], [...path, 'name'])
  if (name === undefined) return undefined
  wording.noteOthers(subset, path, ['name', 'labels'])
  const labels = Object.entries(wording.map(subset['labels'], [...path, 'labels']))
  const texts = labels.flatMap(([key, value]): [string, string][] => {
    // YAML reads `version: 1` as a number, and a label is a text.
    if (typeof value === 'string') return [[key, value]]
    wording.refuse('MW6005', 'subsets', [...path, 'labels', key], `a label must be a text, found ${shown(value)}`)
    return []
  })
  if (!areLabels(Object.fromEntries(texts))) {
    wording.refuse('MW6005', 'subsets', [...path, 'labels'], 'labels must be such as pods can carry')
  }
  return {
    name,
    labels: texts.length === 0 ? defaultLabels(name, pods) : Object.fromEntries(texts),
    origin: wording.origin(path),
  }
}

function readOutlierDetection(value: unknown, path: Path, wording: Wording): Breaker | undefined {
  if (!isValues(value)) {
    wording.map(value, path)
    return undefined
  }
  wording.noteOthers(value, path, ['consecutive5xxErrors', 'baseEjectionTime', 'maxEjectionPercent'])
  const at = (key: string): Path => [...path, key]
  const errors = wording.count(value['consecutive5xxErrors'], at('consecutive5xxErrors')) ?? usualErrors
  const first = wording.duration(value['baseEjectionTime'], at('baseEjectionTime')) ?? usualEjection
  const most = wording.count(value['maxEjectionPercent'], at('maxEjectionPercent'))
  // 0: no errors eject anything.
  if (errors === 0) return undefined
  if (most !== 100) {
    const told = most === undefined ? ' (absent: 10)' : ''
    wording.noteBeyond(at('maxEjectionPercent'), told)
  }
  return breakerOf(errors, wording.origin(path), first, Math.max(first, longestEjection))
}
