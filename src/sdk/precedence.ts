import {isValues, type Values} from '../mesh/values.ts'
import {sameVersion} from '../rules/version.ts'
import type {Fragment} from './fragment.ts'

/**
 * What a fragment says beside others of the same application about the same service. An object holds shares or a canary,
 * never both: while there is a canary it decides, in whichever order the two were called.
 */
export function beside(fragment: Fragment, others: readonly Fragment[]): Fragment {
  const {call, spec} = fragment
  if (call === 'split') return others.some((other) => other.call === 'canary') ? withoutShares(fragment) : fragment
  if (call !== 'canary') return fragment
  const versions = others.find((other) => other.call === 'split')?.spec['versions']
  const version = isValues(spec['canary']) ? spec['canary']['version'] : undefined
  if (!Array.isArray(versions) || typeof version !== 'string' || names(versions).some(is(version))) return fragment
  // Where versions are written down, one that is not among them is none.
  return {...fragment, spec: {...spec, versions: [{name: version}]}}
}

/** The same without what a canary decides. */
export function withoutShares(fragment: Fragment): Fragment {
  const {split: _, ...rest}: Values = fragment.spec
  return {...fragment, spec: rest}
}

function names(versions: readonly unknown[]): readonly string[] {
  return versions.flatMap((version) =>
    isValues(version) && typeof version['name'] === 'string' ? version['name'] : [],
  )
}

function is(version: string): (name: string) => boolean {
  return (name) => sameVersion(name, version)
}
