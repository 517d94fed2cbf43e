import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Values} from '../../src/mesh/values.ts'
import {freePorts} from '../cluster/ports.ts'
import {eventually, startProxy, status} from '../envoy/proxy.ts'

/** A real Envoy that calls its statistics as the sidecars of Consul do. */
export interface Sidecar {
  /** Where it takes requests. */
  readonly port: number
  /** Where Prometheus scrapes it: `127.0.0.1:PORT/PATH`. */
  readonly target: string
  stop(): Promise<void>
}

const type = (name: string) => ({'@type': `type.googleapis.com/envoy.${name}`})
const trustDomain = '11111111-2222-3333-4444-555555555555'
const segment = '[^.]+'

/** The tags of Consul's bootstrap (command/connect/envoy/bootstrap_config.go), as far as they tell who calls whom. */
function tags(service: string): readonly Values[] {
  const fixed = {
    local_cluster: service,
    'consul.source.service': service,
    'consul.source.namespace': 'default',
    'consul.source.datacenter': 'dc1',
  }
  const parts = ['service_subset', 'service', 'namespace', 'datacenter', 'routing_type', 'trust_domain'] as const
  const pattern = (wanted: string) => {
    const [subset, ...others] = parts.map((part) => (part === wanted ? `(${segment})` : segment))
    return String.raw`^cluster\.((?:${segment}~)?(?:${subset}\.)?${others.join(String.raw`\.`)}\.consul\.)`
  }
  return [
    ...Object.entries(fixed).map(([name, value]) => ({tag_name: name, fixed_value: value})),
    ...parts.map((part) => ({tag_name: `consul.destination.${part}`, regex: pattern(part)})),
  ]
}

/** The sidecar of a service: what comes to its public listener is answered as the path wants, after 20 ms. */
export function startReceiver(program: string, service: string): Promise<Sidecar> {
  const answer = (path: string, code: number) => ({
    match: {path},
    direct_response: {status: code, body: {inline_string: 'x'.repeat(500)}},
  })
  const delay = {
    name: 'envoy.filters.http.fault',
    typed_config: {
      ...type('extensions.filters.http.fault.v3.HTTPFault'),
      delay: {fixed_delay: '0.020s', percentage: {numerator: 100}},
    },
  }
  const routes = [answer('/ok', 200), answer('/lost', 404), answer('/fail', 503)]
  return start(program, service, {prefix: 'public_listener', routes, filters: [delay], clusters: []})
}

/** The sidecar of a caller: `/SUBSET/PATH` goes to that subset of the service called. */
export function startSender(
  program: string,
  service: string,
  called: string,
  subsets: Readonly<Record<string, Sidecar>>,
  tracksSizes: boolean,
): Promise<Sidecar> {
  const nameOf = (subset: string) => `${subset}.${called}.default.dc1.internal.${trustDomain}.consul`
  return start(program, service, {
    prefix: `upstream.${called}.default.dc1`,
    routes: Object.keys(subsets).map((subset) => ({
      match: {prefix: `/${subset}/`},
      route: {cluster: nameOf(subset), prefix_rewrite: '/'},
    })),
    filters: [],
    clusters: Object.entries(subsets).map(([subset, {port}]) => ({
      name: nameOf(subset),
      type: 'STATIC',
      connect_timeout: '1s',
      ...(tracksSizes && {track_cluster_stats: {request_response_sizes: true}}),
      load_assignment: {
        cluster_name: nameOf(subset),
        endpoints: [{lb_endpoints: [{endpoint: {address: addressOf(port)}}]}],
      },
    })),
  })
}

interface Part {
  readonly prefix: string
  readonly routes: readonly Values[]
  readonly filters: readonly Values[]
  readonly clusters: readonly Values[]
}

async function start(program: string, service: string, {prefix, routes, filters, clusters}: Part): Promise<Sidecar> {
  const [port = 0, admin = 0] = await freePorts(2)
  const manager = {
    ...type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: prefix,
    route_config: {virtual_hosts: [{name: 'all', domains: ['*'], routes}]},
    http_filters: [
      ...filters,
      {name: 'envoy.filters.http.router', typed_config: type('extensions.filters.http.router.v3.Router')},
    ],
  }
  const configuration = {
    admin: {address: addressOf(admin)},
    stats_config: {stats_tags: tags(service), use_all_default_tags: true},
    static_resources: {
      listeners: [
        {
          name: prefix,
          address: addressOf(port),
          filter_chains: [{filters: [{name: 'envoy.filters.network.http_connection_manager', typed_config: manager}]}],
        },
      ],
      clusters,
    },
  }
  const folder = await mkdtemp(join(tmpdir(), 'meshwright-consul-'))
  const file = join(folder, 'envoy.json')
  await writeFile(file, JSON.stringify(configuration))
  const options = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'warn']
  const proxy = startProxy(program, {argv: ['envoy', '-c', file, ...options], env: new Map()})
  const stop = async () => {
    await proxy.stop()
    await rm(folder, {recursive: true})
  }
  const isUp = await eventually(
    () => status(`http://127.0.0.1:${admin}/ready`),
    (answer) => answer === 200,
  )
  if (isUp !== 200) {
    const output = proxy.output()
    await stop()
    throw new Error(`Envoy does not come up: ${output}`)
  }
  return {port, target: `127.0.0.1:${admin}/stats/prometheus`, stop}
}

function addressOf(port: number): Values {
  return {socket_address: {address: '127.0.0.1', port_value: port}}
}
