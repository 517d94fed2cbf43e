import type {Configuration} from '../../config/schema.ts'
import type {Injector, Mesh, Resolution} from '../mesh.ts'
import type {Objects} from '../objects.ts'
import type {Pod} from '../pod.ts'
import {keys} from './annotations.ts'
import {decideNatively, namespaceKey, readPolicy} from './decide.ts'
import {evasionsOf} from './evasions.ts'
import {IstioInjection} from './inject.ts'
import {needs, withInstalled} from './installed.ts'
import {RefusedValue} from './rendering.ts'
import {resolveSettings, type Settings} from './settings.ts'
import {carriesSidecar, withoutSidecar} from './uninject.ts'
import {valuesPath} from './values.ts'

/** Istio 1.31. */
export const istio: Mesh = {
  name: 'istio',

  resolve(config: Configuration, objects: Objects): Resolution {
    const completed = withInstalled(config, objects)
    if (!completed.ok) return completed
    const resolved = resolveSettings(completed.configuration)
    if (!resolved.ok) return resolved
    const {settings} = resolved
    const policy = readPolicy(settings.chart)
    if (!policy.ok) return policy
    const injection = injectionOf(settings)
    if (injection instanceof RefusedValue) {
      return {ok: false, problems: [{path: valuesPath, message: injection.message}]}
    }
    const injector: Injector = {
      findings: settings.findings,
      systemNamespaces: [settings.chart.text('global.istioNamespace')],
      switches: [keys.inject, namespaceKey, keys.revision],
      native: (subject) => decideNatively(subject, policy.policy),
      inject: (subject) => injection.inject(subject),
      carries: carriesSidecar,
      annotate: (object) => object,
      evasions: (subject) => evasionsOf(subject, settings),
    }
    return {ok: true, injector}
  },

  complete: withInstalled,

  needs,

  uninject: (pod: Pod) => withoutSidecar(pod),
}

/** Values that fail every pod are found by rendering once, at the start. */
function injectionOf(settings: Settings): IstioInjection | RefusedValue {
  try {
    return new IstioInjection(settings)
  } catch (error) {
    if (error instanceof RefusedValue) return error
    throw error
  }
}
