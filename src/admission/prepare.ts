import type {Configuration} from '../config/schema.ts'
import {findingCodes} from '../codes/findings.ts'
import type {Finding} from '../mesh/finding.ts'
import {flat} from '../mesh/flat.ts'
import type {SettingsProblem} from '../mesh/mesh.ts'
import type {Objects} from '../mesh/objects.ts'
import {meshes} from '../mesh/registry.ts'
import type {Prepared} from './decide.ts'

export type Preparation =
  | {readonly ok: true; readonly prepared: Prepared}
  | {readonly ok: false; readonly problems: readonly SettingsProblem[]}

/** Resolves one environment's configuration for its mesh: once for each configuration, never for each pod. */
export function prepare(configured: Configuration, objects: Objects): Preparation {
  const configuration = flat(configured)
  const settings = configuration.mesh
  const mesh = settings.type ?? 'istio'
  const resolution = meshes[mesh].resolve(configuration, objects)
  if (!resolution.ok) return resolution
  const {injector} = resolution
  if (settings.strict === true && injector.findings.length > 0) {
    return {ok: false, problems: injector.findings.map((finding) => refusedByStrict(finding))}
  }
  return {ok: true, prepared: {mesh, settings, injector}}
}

function refusedByStrict({kind, key, message}: Finding): SettingsProblem {
  return {path: key.split('.'), message: `${findingCodes[kind]} ${message}; mesh.strict is true, so this is refused`}
}
