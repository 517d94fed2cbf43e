import type {KubeObject} from '../pod.ts'
import type {Objects} from '../objects.ts'
import {isValues} from '../values.ts'
import type {ChartValues} from './chart-values.ts'
import {releaseNamespace} from './keys.ts'

/** How a pod's containers reach Consul's servers and log in to them. */
export interface Connection {
  /** A host, or `exec=` and a command, as go-netaddrs reads it. */
  readonly address: string
  readonly grpcPort: string
  readonly httpPort: string
  /** Undefined without TLS. */
  readonly tls: {readonly caPem: string; readonly serverName: string} | undefined
  readonly skipServerWatch: boolean
  /** The ACL auth method; '' without ACLs. */
  readonly authMethod: string
  /** Consul Enterprise's namespaces; undefined where they are off. */
  readonly namespaces: Namespaces | undefined
  /** Consul Enterprise's admin partition; '' without partitions. */
  readonly partition: string
}

export interface Namespaces {
  readonly mirroring: boolean
  readonly prefix: string
  readonly destination: string
}

/** The Consul namespace that a Kubernetes namespace's services are registered in. */
export function consulNamespace({mirroring, prefix, destination}: Namespaces, namespace: string): string {
  return mirroring ? `${prefix}${namespace}` : destination
}

export function readConnection(values: ChartValues, fullName: string, objects: Objects): Connection {
  const external = values.truth('externalServers.enabled')
  const hosts = values.texts('externalServers.hosts')
  if (external && hosts.length === 0) {
    values.refuse('externalServers.hosts', 'hosts must be given where externalServers.enabled is true')
  }
  if (values.truth('externalServers.skipServerWatch') && !external) {
    values.refuse('externalServers.skipServerWatch', 'this requires externalServers.enabled to be true')
  }
  const tls = values.truth('global.tls.enabled')
  return {
    address: external ? (hosts[0] ?? '') : `${fullName}-server.${releaseNamespace}.svc`,
    grpcPort: external ? port(values, 'externalServers.grpcPort') : '8502',
    httpPort: external ? port(values, 'externalServers.httpsPort') : tls ? '8501' : '8500',
    tls: tls
      ? {
          caPem: external && values.truth('externalServers.useSystemRoots') ? '' : readCa(values, fullName, objects),
          serverName: external ? values.text('externalServers.tlsServerName') : '',
        }
      : undefined,
    skipServerWatch: external && values.truth('externalServers.skipServerWatch'),
    authMethod:
      values.shellText('connectInject.overrideAuthMethodName') ||
      (values.truth('global.acls.manageSystemACLs') ? `${fullName}-k8s-auth-method` : ''),
    namespaces: readNamespaces(values),
    partition: values.truth('global.adminPartitions.enabled') ? values.text('global.adminPartitions.name') : '',
  }
}

/** Undefined where Consul Enterprise's namespaces are off. */
export function readNamespaces(values: ChartValues): Namespaces | undefined {
  if (!values.truth('global.enableConsulNamespaces')) return undefined
  const path = 'connectInject.consulNamespaces'
  return {
    mirroring: values.truth(`${path}.mirroringK8S`),
    prefix: values.text(`${path}.mirroringK8SPrefix`),
    destination: values.text(`${path}.consulDestinationNamespace`) || 'default',
  }
}

function port(values: ChartValues, path: string): string {
  const value = values.integer(path)
  if (value < 1 || value > 65535) values.refuse(path, 'a port from 1 to 65535 belongs here')
  return String(value)
}

/** The certificate that the chart mounts into the injector, which hands its text on to every init container. */
function readCa(values: ChartValues, fullName: string, objects: Objects): string {
  const name = values.text('global.tls.caCert.secretName') || `${fullName}-ca-cert`
  const key = values.text('global.tls.caCert.secretKey') || 'tls.crt'
  const secret = objects.get('Secret', releaseNamespace, name)
  const text = secret === undefined ? undefined : secretText(secret, key)
  if (text === undefined) {
    values.refuse(
      'global.tls.enabled',
      `the CA certificate is missing: Secret ${name} in namespace ${releaseNamespace} with the key ${key} must be ` +
        'among the objects, or externalServers.useSystemRoots true',
    )
  }
  return text ?? ''
}

function secretText(secret: KubeObject, key: string): string | undefined {
  const {stringData, data} = secret
  if (isValues(stringData) && Object.hasOwn(stringData, key)) {
    return typeof stringData[key] === 'string' ? stringData[key] : undefined
  }
  if (!isValues(data) || !Object.hasOwn(data, key) || typeof data[key] !== 'string') return undefined
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(data[key]), (character) => character.charCodeAt(0)))
  } catch {
    return undefined
  }
}
