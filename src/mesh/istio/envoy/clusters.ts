import {adminCluster, adminSocket} from './listeners.ts'
import type {Message} from './config-yaml.ts'
import type {Address, EnvoySettings} from './settings.ts'

/** The name that Istio's own bootstrap gives it, so that an EnvoyFilter which names it still finds it. */
export const discoveryCluster = 'xds-grpc'
export const collectorCluster = 'trace-collector'

/** The clusters that Envoy knows before istiod says anything. */
export function staticClusters(settings: EnvoySettings): Message[] {
  const {collector, discovery} = settings
  const clusters = [
    cluster(adminCluster, {type: 'STATIC'}, {pipe: {path: adminSocket}}),
    // istiod closes a connection whose client pings more often than every 15 s (pilot/pkg/grpc/grpc.go).
    remote(discoveryCluster, discovery, settings, {
      ...http2({connection_keepalive: {interval: '30s', timeout: '10s'}}),
      upstream_connection_options: {tcp_keepalive: {keepalive_time: 300}},
    }),
  ]
  if (collector !== undefined) {
    const options = collector.protocol === 'otlp' ? http2({}) : {}
    clusters.push(remote(collectorCluster, collector.address, settings, options))
  }
  return clusters
}

function remote(
  name: string,
  to: Address,
  settings: EnvoySettings,
  options: {readonly [field: string]: Message},
): Message {
  const resolution: {readonly [field: string]: Message} = isIp(to.host)
    ? {type: 'STATIC'}
    : {
        type: 'STRICT_DNS',
        dns_lookup_family: settings.ipFamily === 'IPv6' ? 'AUTO' : 'V4_PREFERRED',
      }
  return cluster(name, {...resolution, ...options}, {socket_address: {address: to.host, port_value: to.port}})
}

function cluster(name: string, options: {readonly [field: string]: Message}, address: Message): Message {
  return {
    name,
    connect_timeout: '1s',
    ...options,
    load_assignment: {cluster_name: name, endpoints: [{lb_endpoints: [{endpoint: {address}}]}]},
  }
}

function http2(options: Message): {readonly [field: string]: Message} {
  return {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {http2_protocol_options: options},
      },
    },
  }
}

/** STRICT_DNS would ask a name server for an address; a host name has no colon and does not end in a number. */
function isIp(host: string): boolean {
  return host.includes(':') || /^[0-9]+(\.[0-9]+){3}$/.test(host)
}
