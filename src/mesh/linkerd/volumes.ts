import type {Volume} from '../pod.ts'
import type {Settings} from './settings.ts'

/** What Linkerd appends to a pod's volumes, in its order. */
export function proxyVolumes({cniEnabled, xtMountName, tracing, tokenProjection}: Settings): readonly Volume[] {
  return [
    ...(cniEnabled ? [] : [{name: xtMountName, emptyDir: {}}]),
    {name: 'linkerd-identity-end-entity', emptyDir: {medium: 'Memory'}},
    ...(tracing.enabled
      ? [
          {
            name: 'linkerd-podinfo',
            downwardAPI: {items: [{path: 'labels', fieldRef: {fieldPath: 'metadata.labels'}}]},
          },
        ]
      : []),
    ...(tokenProjection
      ? [
          {
            name: 'linkerd-identity-token',
            projected: {
              sources: [
                {
                  serviceAccountToken: {
                    audience: 'identity.l5d.io',
                    expirationSeconds: 86400,
                    path: 'linkerd-identity-token',
                  },
                },
              ],
            },
          },
        ]
      : []),
  ]
}

/** Volumes that only Linkerd makes, whatever the settings were. */
export const volumeNames: readonly string[] = [
  'linkerd-proxy-init-xtables-lock',
  'linkerd-identity-end-entity',
  'linkerd-podinfo',
  'linkerd-identity-token',
]
