import {goVolume, goVolumeMount} from '../go/struct.ts'
import type {Json, Volume, VolumeMount} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {entriesOf} from './environment.ts'
import {objectOf, textOf, type ProtoJson} from './proto.ts'
import {alone, quoted, RefusedValue, type Rendering} from './rendering.ts'
import {shown} from './yaml-text.ts'

const gkeAuthority = 'GkeWorkloadCertificate'

/** Who reads the volumes: the templates differ in a few of them. */
export type VolumeReader = 'sidecar' | 'gateway' | 'grpc-agent'

/** The volumes of a template, in its order. */
export function proxyVolumes(rendering: Rendering, reader: VolumeReader): Volume[] {
  const {settings, annotations, serviceAccount} = rendering
  const {chart} = settings
  const istiod = chart.text('global.pilotCertProvider') === 'istiod'
  const bootstrap = own(annotations, keys.bootstrapOverride)
  const audience = chart.text('global.sds.token.aud')
  const spelled = reader === 'gateway' ? {emptyDir: {}} : {}
  const volumes: Volume[] = [{name: 'workload-socket'}]
  if (reader !== 'grpc-agent') volumes.push({name: 'credential-socket', ...spelled})
  volumes.push(
    chart.text('global.caName') === gkeAuthority
      ? {name: 'gke-workload-certificate', csi: {driver: 'workloadcertificates.security.cloud.google.com'}}
      : {name: 'workload-certs', ...spelled},
  )
  if (bootstrap !== undefined) {
    const configMap = bootstrap === '' ? {} : {name: alone(keys.bootstrapOverride, bootstrap)}
    volumes.push({name: 'custom-bootstrap-volume', configMap})
  }
  volumes.push(
    {name: reader === 'grpc-agent' ? 'istio-xds' : 'istio-envoy', emptyDir: {medium: 'Memory'}},
    {name: 'istio-data', emptyDir: {}},
    {
      name: 'istio-podinfo',
      downwardAPI: {
        items: [
          {path: 'labels', fieldRef: {fieldPath: 'metadata.labels'}},
          {path: 'annotations', fieldRef: {fieldPath: 'metadata.annotations'}},
        ],
      },
    },
    {
      name: 'istio-token',
      projected: {
        sources: [
          {
            serviceAccountToken: {
              path: 'istio-token',
              expirationSeconds: 43200,
              ...(audience === '' ? {} : {audience}),
            },
          },
        ],
      },
    },
  )
  if (istiod) volumes.push(authorityVolume(rendering))
  if (reader === 'sidecar') {
    volumes.push({name: 'istio-ca-crl', configMap: {name: 'istio-ca-crl', optional: true}})
  }
  if (chart.truthy('global.mountMtlsCerts')) {
    const account = serviceAccount === '' ? 'default' : serviceAccount
    volumes.push({name: 'istio-certs', secret: {optional: true, secretName: `istio.${account}`}})
  }
  if (reader !== 'gateway') for (const volume of userVolumes(rendering)) volumes.push(volume)
  if (reader === 'sidecar' && lightstepCertificates(rendering) !== undefined) {
    volumes.push({name: 'lightstep-certs', secret: {optional: true, secretName: 'lightstep.cacert'}})
  }
  return volumes
}

function authorityVolume({settings}: Rendering): Volume {
  const bundle = settings.chart.text('global.trustBundleName')
  if (!settings.clusterTrustBundle) {
    return {name: 'istiod-ca-cert', configMap: {name: bundle === '' ? 'istio-ca-root-cert' : bundle}}
  }
  const name = `istio.io:istiod-ca:${bundle === '' ? 'root-cert' : bundle}`
  return {name: 'istiod-ca-cert', projected: {sources: [{clusterTrustBundle: {name, path: 'root-cert.pem'}}]}}
}

/** The mounts of the proxy, in the template's order. */
export function proxyMounts(rendering: Rendering, reader: VolumeReader): VolumeMount[] {
  const {settings, annotations} = rendering
  const {chart} = settings
  const istiod = chart.text('global.pilotCertProvider') === 'istiod'
  const mounts: VolumeMount[] = [{name: 'workload-socket', mountPath: '/var/run/secrets/workload-spiffe-uds'}]
  if (reader !== 'grpc-agent') mounts.push({name: 'credential-socket', mountPath: '/var/run/secrets/credential-uds'})
  mounts.push(certificateMount(rendering))
  if (istiod) mounts.push({name: 'istiod-ca-cert', mountPath: '/var/run/secrets/istio'})
  if (istiod && reader === 'sidecar') mounts.push({name: 'istio-ca-crl', mountPath: '/var/run/secrets/istio/crl'})
  mounts.push({name: 'istio-data', mountPath: '/var/lib/istio/data'})
  if (own(annotations, keys.bootstrapOverride) !== undefined && reader !== 'grpc-agent') {
    mounts.push({name: 'custom-bootstrap-volume', mountPath: '/etc/istio/custom-bootstrap'})
  }
  mounts.push(
    {name: reader === 'grpc-agent' ? 'istio-xds' : 'istio-envoy', mountPath: '/etc/istio/proxy'},
    {name: 'istio-token', mountPath: '/var/run/secrets/tokens'},
  )
  if (chart.truthy('global.mountMtlsCerts')) {
    mounts.push({name: 'istio-certs', mountPath: '/etc/certs/', readOnly: true})
  }
  mounts.push({name: 'istio-podinfo', mountPath: '/etc/istio/pod'})
  const certificates = reader === 'sidecar' ? lightstepCertificates(rendering) : undefined
  if (certificates !== undefined) mounts.push({name: 'lightstep-certs', mountPath: certificates, readOnly: true})
  return reader === 'gateway' ? mounts : [...mounts, ...userMounts(rendering)]
}

/** Where the workload's certificate lies, for the proxy and for what speaks gRPC without one. */
export function certificateMount({settings}: Rendering): VolumeMount {
  const mountPath = '/var/run/secrets/workload-spiffe-credentials'
  return settings.chart.text('global.caName') === gkeAuthority
    ? {name: 'gke-workload-certificate', mountPath, readOnly: true}
    : {name: 'workload-certs', mountPath}
}

/** The folder of Lightstep's CA; undefined where Lightstep is not the tracer or has no TLS settings. */
function lightstepCertificates({settings, proxyConfig}: Rendering): string | undefined {
  if (settings.chart.text('global.proxy.tracer') !== 'lightstep') return undefined
  const tls = objectOf(objectOf(proxyConfig['tracing'])?.['tlsSettings'])
  if (tls === undefined) return undefined
  const file = textOf(tls['caCertificates']) ?? ''
  return file.slice(0, file.lastIndexOf('/') + 1)
}

/** As in Kubernetes' own types: what they do not know is left out. */
function userVolumes({annotations}: Rendering): readonly Volume[] {
  const text = own(annotations, keys.userVolume)
  if (text === undefined) return []
  return entriesOf(keys.userVolume, text).map(([name, source]) => {
    const volume = goVolume({name: quoted(keys.userVolume, name), ...specOf(keys.userVolume, name, source)})
    const fields = objectOf(volume) ?? {}
    return {...fields, name: textOf(fields['name']) ?? name}
  })
}

function userMounts({annotations}: Rendering): readonly VolumeMount[] {
  const text = own(annotations, keys.userVolumeMount)
  if (text === undefined) return []
  return entriesOf(keys.userVolumeMount, text).map(([name, spec]) => {
    const mount = goVolumeMount({name: quoted(keys.userVolumeMount, name), ...specOf(keys.userVolumeMount, name, spec)})
    const {name: volume = name, mountPath = '', ...rest} = objectOf(mount) ?? {}
    if (typeof volume === 'string' && typeof mountPath === 'string' && mountPath !== '') {
      return {...rest, name: volume, mountPath}
    }
    throw new RefusedValue(`annotation ${keys.userVolumeMount}: ${shown(name)} needs a mountPath`)
  })
}

function specOf(key: string, name: string, spec: Json): ProtoJson {
  const fields = objectOf(spec)
  if (fields === undefined || Object.keys(fields).length === 0) {
    throw new RefusedValue(`annotation ${key}: ${shown(name)} must be a map that is not empty`)
  }
  // To the merge of templates into pods this is an order to take things away.
  if (Object.hasOwn(fields, '$patch')) throw new RefusedValue(`annotation ${key}: ${shown(name)} must not hold $patch`)
  return fields
}
