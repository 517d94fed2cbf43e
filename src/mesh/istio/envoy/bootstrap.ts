import {collectorCluster, discoveryCluster, staticClusters} from './clusters.ts'
import {configYaml, type Message} from './config-yaml.ts'
import {adminSocket, profileFolder, staticListeners} from './listeners.ts'
import {node, type Workload} from './node.ts'
import type {EnvoySettings} from './settings.ts'

/**
 * The value of `--config-yaml` for a workload. Everything but the node is the same for every pod, so it is written once.
 * Only fields that Envoy 1.25 knows may stand here; `test/envoy` holds the bootstrap to its protobuf definitions.
 */
export function bootstrapFor(settings: EnvoySettings): (workload: Workload) => string {
  const common = configYaml({
    admin: {
      address: {pipe: {path: adminSocket}},
      profile_path: settings.profiling ? `${profileFolder}/envoy.prof` : undefined,
    },
    // istiod's routes hold regular expressions that exceed Envoy's default of 100 (as in Istio's own bootstrap).
    layered_runtime: {
      layers: [
        {name: 'static', static_layer: {'re2.max_program_size.error_level': 32768}},
        {name: 'admin', admin_layer: {}},
      ],
    },
    dynamic_resources: {
      // 0s: without istiod's clusters and listeners traffic would pass by every rule, so Envoy waits and is not ready.
      cds_config: {ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3'},
      lds_config: {ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3'},
      ads_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{envoy_grpc: {cluster_name: discoveryCluster}}],
      },
    },
    static_resources: {clusters: staticClusters(settings), listeners: staticListeners(settings)},
    tracing: tracing(settings),
  })
  return (workload) => `{"node":${configYaml(node(settings, workload))},${common.slice(1)}`
}

/**
 * The provider for listeners of istiod's that trace without naming one (mesh config `enableTracing`). Envoy would rather
 * have it in each listener, but those are istiod's; Istio's own bootstrap does the same.
 */
function tracing({collector}: EnvoySettings): Message {
  if (collector === undefined) return undefined
  if (collector.protocol === 'zipkin') {
    const typed = {
      '@type': 'type.googleapis.com/envoy.config.trace.v3.ZipkinConfig',
      collector_cluster: collectorCluster,
      collector_endpoint: '/api/v2/spans',
      collector_endpoint_version: 'HTTP_JSON',
      trace_id_128bit: true,
      shared_span_context: false,
    }
    return {http: {name: 'envoy.tracers.zipkin', typed_config: typed}}
  }
  const typed = {
    '@type': 'type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig',
    grpc_service: {envoy_grpc: {cluster_name: collectorCluster}},
  }
  return {http: {name: 'envoy.tracers.opentelemetry', typed_config: typed}}
}
