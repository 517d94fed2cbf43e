import {flat, flatText} from '../flat.ts'
import type {NamespaceFacts} from '../objects.ts'
import type {Annotations} from './annotations.ts'
import {consulNamespace} from './connection.ts'
import {dataPath, keyPrefix} from './keys.ts'
import {mergingArgs, scrapePath} from './metrics.ts'
import type {PodPorts} from './ports.ts'
import {dnsPort, proxyHealthPort} from './redirect.ts'
import type {PodService, Token} from './services.ts'
import type {Settings} from './settings.ts'
import {envoyArgs} from './shell-words.ts'
import type {Wishes} from './wishes.ts'

/** What differs between the arguments of two pods' sidecars. */
export interface ArgParts {
  readonly service: PodService
  /** The value of `connect-service-port`, the default that the injector writes included. */
  readonly servicePort: string
  readonly namespace: NamespaceFacts
  readonly annotations: Annotations
  readonly ports: PodPorts
  readonly wishes: Wishes
  readonly token: Token | undefined
  readonly dns: boolean
}

/** Makes the sidecar's arguments; what the settings alone decide is made once. */
export function sidecarArgsMaker(settings: Settings): (parts: ArgParts) => readonly string[] {
  const {connection, dualStack, metrics} = settings
  const loopback = loopbackAddress(dualStack)
  const head = flat([
    '-addresses',
    connection.address,
    `-envoy-admin-bind-address=${loopback}`,
    `-consul-dns-bind-addr=${loopback}`,
    `-xds-bind-addr=${loopback}`,
    `-grpc-port=${connection.grpcPort}`,
  ])
  const logJson = flatText('-log-json=', String(settings.logJson))
  const gracefulAddress = flatText('-graceful-addr=', loopback)
  const idPath = flatText('-proxy-service-id-path=', dataPath, '/proxyid')
  const dnsBindPort = flatText('-consul-dns-bind-port=', dnsPort)
  const tls = flat(tlsArgs(settings))
  return (parts) => {
    const {service, annotations, ports, wishes, namespace, token} = parts
    const multiPort = service.name !== ''
    const args = [
      ...head,
      multiPort ? flatText('-proxy-service-id-path=', dataPath, '/proxyid-', service.name) : idPath,
      flatText('-log-level=', wishes.logLevel),
      logJson,
      flatText('-envoy-concurrency=', wishes.concurrency),
      gracefulAddress,
    ]
    if (connection.skipServerWatch) args.push('-server-watch-disabled=true')
    pushIdentity(args, settings, namespace, token)
    for (const arg of tls) args.push(arg)
    if (wishes.proxyHealthCheck) args.push(flatText('-envoy-ready-bind-port=', proxyHealthPort + service.index))
    if (multiPort) args.push(flatText('-envoy-admin-bind-port=', 19000 + service.index))
    pushLifecycle(args, parts, settings)
    args.push(flatText('-telemetry-prom-scrape-path=', scrapePath(annotations, metrics)))
    for (const arg of mergingArgs(annotations, ports, metrics, parts.servicePort, loopback)) args.push(arg)
    if (parts.dns) args.push(dnsBindPort)

    const extra = extraArgs(annotations, settings.envoyExtraArgs)
    if (multiPort) return [...args, '--', '--base-id', String(service.index), ...extra]
    return extra.length > 0 ? [...args, '--', ...extra] : args
  }
}

export function loopbackAddress(dualStack: boolean): string {
  return dualStack ? '::1' : '127.0.0.1'
}

function tlsArgs({connection: {tls}}: Settings): readonly string[] {
  if (tls === undefined) return ['-tls-disabled']
  return [
    ...(tls.serverName === '' ? [] : [`-tls-server-name=${tls.serverName}`]),
    ...(tls.caPem === '' ? [] : [`-ca-certs=${dataPath}/consul-ca.pem`]),
  ]
}

function pushIdentity(
  args: string[],
  {connection}: Settings,
  namespace: NamespaceFacts,
  token: Token | undefined,
): void {
  const {authMethod, namespaces, partition} = connection
  if (authMethod !== '') {
    args.push('-credential-type=login', flatText('-login-auth-method=', authMethod))
    args.push(flatText('-login-bearer-token-path=', token?.file ?? ''))
    if (namespaces !== undefined) {
      args.push(
        flatText('-login-namespace=', namespaces.mirroring ? 'default' : consulNamespace(namespaces, namespace.name)),
      )
    }
    if (partition !== '') args.push(flatText('-login-partition=', partition))
  }
  if (namespaces !== undefined) args.push(flatText('-service-namespace=', consulNamespace(namespaces, namespace.name)))
  if (partition !== '') args.push(flatText('-service-partition=', partition))
}

/** The port of the graceful-shutdown server is given even where lifecycle management is off: it always listens. */
function pushLifecycle(args: string[], {annotations, ports, service, wishes}: ArgParts, {lifecycle}: Settings): void {
  const port = ports.annotated(annotations, 'sidecar-proxy-lifecycle-graceful-port', lifecycle.port, 1024)
  args.push(flatText('-graceful-port=', service.name === '' ? port : port + service.index))
  if (!wishes.lifecycle) return

  const prefix = 'sidecar-proxy-lifecycle'
  const drain = annotations.flagUnlessEmpty(`enable-${prefix}-shutdown-drain-listeners`) ?? lifecycle.drainListeners
  const shutdown = annotations.unsigned(`${prefix}-shutdown-grace-period-seconds`) ?? lifecycle.shutdownGraceSeconds
  const startup = annotations.unsigned(`${prefix}-startup-grace-period-seconds`) ?? lifecycle.startupGraceSeconds
  if (drain) args.push('-shutdown-drain-listeners')
  args.push(
    flatText('-shutdown-grace-period-seconds=', shutdown),
    flatText(
      '-graceful-shutdown-path=',
      annotations.text(`${prefix}-graceful-shutdown-path`) ?? lifecycle.shutdownPath,
    ),
    flatText('-startup-grace-period-seconds=', startup),
    flatText('-graceful-startup-path=', annotations.text(`${prefix}-graceful-startup-path`) ?? lifecycle.startupPath),
  )
}

/** The annotation replaces the settings' arguments, even where it is empty. */
function extraArgs(annotations: Annotations, otherwise: readonly string[]): readonly string[] {
  const text = annotations.get('envoy-extra-args')
  if (text === undefined) return otherwise
  const args = envoyArgs(text)
  if (args.ok) return args.words
  annotations.refuse(`annotation ${keyPrefix}envoy-extra-args cannot be split into words: ${args.message}`)
  return []
}
