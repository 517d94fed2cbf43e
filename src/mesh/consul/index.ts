import type {Configuration} from '../../config/schema.ts'
import type {Mesh, Resolution} from '../mesh.ts'
import type {Objects} from '../objects.ts'
import type {KubeObject, Pod} from '../pod.ts'
import {nativeVerdict} from './decide.ts'
import {injection} from './inject.ts'
import {injectKey, releaseNamespace, statusKey} from './keys.ts'
import {readNeutral} from './neutral.ts'
import {readSettings} from './settings.ts'

export const consul: Mesh = {name: 'consul', resolve, uninject: (pod: Pod) => pod}

function resolve(config: Configuration, objects: Objects): Resolution {
  const neutral = readNeutral(config)
  const reading = readSettings(config, neutral.values, objects)
  if (!reading.ok) return reading
  const {settings} = reading
  return {
    ok: true,
    injector: {
      findings: neutral.findings,
      systemNamespaces: [releaseNamespace],
      switches: [injectKey, statusKey],
      native: (subject) => nativeVerdict(subject, settings),
      inject: injection(settings),
      carries: () => false,
      annotate: <T extends KubeObject>(object: T) => object,
      evasions: () => [],
    },
  }
}
