import type {Finding} from '../finding.ts'
import type {Injector, Mesh} from '../mesh.ts'
import {overlay} from '../values.ts'
import {injectAnnotation} from './annotations.ts'
import {nativeVerdict} from './decide.ts'
import {chartDefaults} from './defaults.ts'
import {controlPlaneNamespace} from './env.ts'
import {evasionsOf} from './evasions.ts'
import {inject, templateOf} from './inject.ts'
import {needs, withInstalled} from './installed.ts'
import {neutralValues} from './neutral.ts'
import {annotateOpaquePorts} from './opaque.ts'
import {readSettings} from './read-settings.ts'
import {carriesProxy} from './sidecar.ts'
import {uninject} from './uninject.ts'

const noTrustAnchor: Finding = {
  kind: 'ignored',
  key: 'mesh.linkerd.values.identityTrustAnchorsPEM',
  message: 'not set; without the trust anchors no proxy gets an identity',
}

/** Keys by which a tenant keeps Linkerd off a pod or a namespace. */
const switches = [
  injectAnnotation,
  'config.linkerd.io/admission-webhooks',
  'linkerd.io/control-plane-component',
  'linkerd.io/cni-resource',
]

/** Linkerd 2.20, as its own proxy-injector makes it. */
export const linkerd: Mesh = {
  name: 'linkerd',
  resolve(config, objects) {
    const completed = withInstalled(config, objects)
    if (!completed.ok) return completed
    const neutral = neutralValues(completed.configuration)
    const read = readSettings(overlay(chartDefaults, neutral.values))
    if (!read.ok) return read
    const {settings} = read
    const enforced = config.mesh.enforced === true
    const template = templateOf(settings, enforced)
    const injector: Injector = {
      findings: settings.trustAnchors === '' ? [...neutral.findings, noTrustAnchor] : neutral.findings,
      systemNamespaces: [controlPlaneNamespace],
      ...(settings.trustAnchors === '' && {incomplete: `${noTrustAnchor.key}: ${noTrustAnchor.message}`}),
      switches,
      native: (subject) => nativeVerdict(subject, settings, enforced),
      inject: (subject) => inject(subject, template),
      carries: (pod) => carriesProxy(pod, settings),
      annotate: (object, namespace) => annotateOpaquePorts(object, namespace, settings),
      evasions: (subject) => evasionsOf(subject, settings),
    }
    return {ok: true, injector}
  },
  complete: withInstalled,
  needs,
  uninject,
}
