import {flat, flatText} from '../flat.ts'
import type {NamespaceFacts} from '../objects.ts'
import type {Container, EnvVar, SecurityContext, VolumeMount} from '../pod.ts'
import {consulNamespace} from './connection.ts'
import {envVar, fieldVar} from './env.ts'
import {dataPath, dataVolume, initName} from './keys.ts'
import type {PodService, Token} from './services.ts'
import type {Settings} from './settings.ts'
import {consulK8s2_0_3} from './version.ts'

export const dataMount: VolumeMount = {name: dataVolume, mountPath: dataPath}

/** What differs between the init containers of two pods. */
export interface InitParts {
  readonly service: PodService
  /** The value of `connect-service`, '' without one. */
  readonly serviceAnnotation: string
  readonly serviceAccountName: string
  readonly namespace: NamespaceFacts
  readonly token: Token | undefined
  readonly logLevel: string
  /** The rules of interception that this container is to apply; undefined where it is not its task. */
  readonly redirect: string | undefined
  readonly securityContext: SecurityContext
}

/** Makes the container that waits for the pod's registration and, without the CNI plugin, redirects its traffic. */
export function initContainerMaker(settings: Settings): (parts: InitParts) => Container {
  const {connection, initResources, controlPlaneImage} = settings
  const env = flat(sharedEnv(settings))
  const mounts = [dataMount]
  return (parts) => {
    const {service, namespace, token, redirect, securityContext} = parts
    const own = [...namespaceEnv(settings, namespace, token)]
    if (redirect !== undefined) own.push({name: 'CONSUL_REDIRECT_TRAFFIC_CONFIG', value: redirect})
    return {
      name: service.name === '' ? initName : `${initName}-${service.name}`,
      image: controlPlaneImage,
      command: ['/bin/sh', '-ec', command(parts, settings.logJson, connection.authMethod !== '')],
      env: own.length > 0 ? [...env, ...own] : env,
      resources: initResources,
      volumeMounts: token === undefined ? mounts : [dataMount, token.mount],
      securityContext,
    }
  }
}

function sharedEnv({connection, dualStack}: Settings): readonly EnvVar[] {
  const {tls} = connection
  return [
    fieldVar('POD_NAME', 'metadata.name'),
    fieldVar('POD_NAMESPACE', 'metadata.namespace'),
    fieldVar('NODE_NAME', 'spec.nodeName'),
    envVar('CONSUL_ADDRESSES', connection.address),
    envVar('CONSUL_GRPC_PORT', connection.grpcPort),
    envVar('CONSUL_HTTP_PORT', connection.httpPort),
    envVar('CONSUL_API_TIMEOUT', consulK8s2_0_3.apiTimeout),
    envVar('CONSUL_NODE_NAME', '$(NODE_NAME)-virtual'),
    envVar('CONSUL_DUAL_STACK', String(dualStack)),
    ...(tls === undefined
      ? []
      : [
          envVar('CONSUL_USE_TLS', 'true'),
          envVar('CONSUL_CACERT_PEM', tls.caPem),
          envVar('CONSUL_TLS_SERVER_NAME', tls.serverName),
        ]),
  ]
}

function* namespaceEnv(
  {connection}: Settings,
  namespace: NamespaceFacts,
  token: Token | undefined,
): Generator<EnvVar, void> {
  const {authMethod, namespaces, partition} = connection
  if (authMethod !== '') {
    yield envVar('CONSUL_LOGIN_AUTH_METHOD', authMethod)
    yield envVar('CONSUL_LOGIN_BEARER_TOKEN_FILE', token?.file ?? '')
    yield envVar('CONSUL_LOGIN_META', 'pod=$(POD_NAMESPACE)/$(POD_NAME)')
    if (namespaces !== undefined) {
      const login = namespaces.mirroring ? 'default' : consulNamespace(namespaces, namespace.name)
      yield envVar('CONSUL_LOGIN_NAMESPACE', login)
    }
    if (partition !== '') yield envVar('CONSUL_LOGIN_PARTITION', partition)
  }
  if (namespaces !== undefined) yield envVar('CONSUL_NAMESPACE', consulNamespace(namespaces, namespace.name))
  if (partition !== '') yield envVar('CONSUL_PARTITION', partition)
}

/** The command's last line ends in a backslash, as the mesh's own does. */
function command(parts: InitParts, logJson: boolean, acls: boolean): string {
  const {service, serviceAnnotation, serviceAccountName, logLevel} = parts
  const multiPort = service.name !== ''
  const name = multiPort ? service.name : serviceAnnotation
  const lines = [
    'consul-k8s-control-plane connect-init -pod-name=${POD_NAME} -pod-namespace=${POD_NAMESPACE}',
    `-log-level=${logLevel}`,
    `-log-json=${logJson}`,
  ]
  if (acls) {
    const account = multiPort ? service.name : serviceAccountName
    lines.push(`-service-account-name="${account}"`, `-service-name="${name}"`)
  }
  if (multiPort) {
    lines.push('-multiport=true', `-proxy-id-file=${dataPath}/proxyid-${name}`)
    if (!acls) lines.push(`-service-name="${name}"`)
  }
  return flatText(lines.join(' \\\n  '), ' \\')
}
