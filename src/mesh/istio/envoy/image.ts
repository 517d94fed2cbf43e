import {keys, own} from '../annotations.ts'
import {isPlainEnvoy} from '../../image.ts'
import type {Rendering} from '../rendering.ts'

/** The configuration's plain Envoy, or the one that the pod asks for by sidecar.istio.io/proxyImage. */
export function envoyImage({settings, annotations}: Pick<Rendering, 'settings' | 'annotations'>): string {
  const asked = own(annotations, keys.proxyImage) ?? ''
  return asked.includes('/') && isPlainEnvoy(asked) ? asked : (settings.sidecarImage ?? '')
}
