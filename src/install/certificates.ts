import type {KubeObject} from '../mesh/pod.ts'
import {labelsOf, names} from './names.ts'
import type {Release} from './release.ts'

/** What cert-manager is asked for: an authority of its own, and leaves of a week signed by it. */
export function certManagerObjects({values, namespace}: Release): readonly KubeObject[] {
  if (values.certificates.issuer !== 'cert-manager') return []
  const labels = labelsOf('webhook')
  const of = (kind: string, name: string, spec: object): KubeObject => ({
    apiVersion: 'cert-manager.io/v1',
    kind,
    metadata: {name, namespace, labels},
    spec,
  })
  const privateKey = {algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always'}
  const service = `${names.webhook}.${namespace}.svc`
  return [
    of('Issuer', 'meshwright-selfsigned', {selfSigned: {}}),
    of('Certificate', names.authoritySecret, {
      secretName: names.authoritySecret,
      commonName: 'meshwright-ca',
      isCA: true,
      duration: '8760h',
      privateKey,
      issuerRef: {kind: 'Issuer', name: 'meshwright-selfsigned'},
    }),
    of('Issuer', names.authoritySecret, {ca: {secretName: names.authoritySecret}}),
    of('Certificate', names.certificateSecret, {
      secretName: names.certificateSecret,
      dnsNames: [service, `${service}.cluster.local`],
      duration: '168h',
      renewBefore: '56h',
      usages: ['digital signature', 'server auth'],
      privateKey,
      issuerRef: {kind: 'Issuer', name: names.authoritySecret},
    }),
  ]
}
