import type {MeshSection} from '../../../config/schema.ts'
import type {MeshIntent} from '../../../intent/intent.ts'
import type {Values} from '../../values.ts'
import type {Findings} from './findings.ts'

const collector = 'meshwright_trace_collector'
/** Of Istio's proxies where nobody says more: 1 %. Envoy's own is all. */
const defaultRate = 0.01
const tracingType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing'

/**
 * Tracing, as keys of ProxyDefaults' `config`: what listeners trace (ListenerTracingJSON in agent/xds/config) and the
 * collector's cluster, which is part of a proxy's bootstrap (command/connect/envoy/bootstrap_config.go).
 */
export function tracingConfig({settings, originOf}: MeshIntent, findings: Findings): Values {
  const {tracing, telemetry} = settings
  const rate = telemetry?.samplingRate
  if (tracing?.enabled === false || !isAsked(settings)) return {}
  const endpoint = tracing?.endpoint === undefined ? undefined : readEndpoint(tracing.endpoint)
  if (tracing?.endpoint === undefined) {
    const origin = originOf(rate === undefined ? 'mesh.tracing.enabled' : 'mesh.telemetry.samplingRate')
    const message =
      'no spans are sent until mesh.tracing.endpoint names a collector, or ProxyDefaults has an envoy_tracing_json of its own'
    findings.approximated('MW6352', rate === undefined ? 'tracing' : 'sampling', origin, message)
  } else if (endpoint === undefined) {
    const message = `${JSON.stringify(tracing.endpoint)} is no host:port of a collector`
    findings.refused('MW6354', 'tracing', originOf('mesh.tracing.endpoint'), message)
  } else {
    const message =
      'spans go out over OTLP/gRPC, under one service name for all proxies; proxies that run already send them after a restart'
    findings.approximated('MW6355', 'tracing', originOf('mesh.tracing.endpoint'), message)
  }
  return {
    envoy_listener_tracing_json: JSON.stringify({
      '@type': tracingType,
      randomSampling: {value: percent(rate ?? defaultRate)},
      ...(endpoint !== undefined && {provider}),
    }),
    ...(endpoint !== undefined && {envoy_extra_static_clusters_json: JSON.stringify(cluster(endpoint))}),
  }
}

function isAsked({tracing, telemetry}: MeshSection): boolean {
  return tracing?.enabled !== undefined || tracing?.endpoint !== undefined || telemetry?.samplingRate !== undefined
}

/** 0.07 is 7 and not 7.000000000000001. */
function percent(rate: number): number {
  return Number((rate * 100).toFixed(6))
}

const provider = {
  name: 'envoy.tracers.opentelemetry',
  typedConfig: {
    '@type': 'type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig',
    grpcService: {envoyGrpc: {clusterName: collector}, timeout: '0.250s'},
    serviceName: 'consul-dataplane',
  },
}

interface Endpoint {
  readonly address: string
  readonly port: number
}

function readEndpoint(text: string): Endpoint | undefined {
  const [, bracketed, host, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,253})):([0-9]{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  const address = bracketed ?? host
  return address !== undefined && port >= 1 && port <= 65535 ? {address, port} : undefined
}

function cluster({address, port}: Endpoint): Values {
  return {
    name: collector,
    type: 'STRICT_DNS',
    connect_timeout: '3s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {http2_protocol_options: {}},
      },
    },
    load_assignment: {
      cluster_name: collector,
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address, port_value: port}}}}]}],
    },
  }
}
