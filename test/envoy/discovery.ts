import {join} from 'node:path'
import {loadPackageDefinition, Server, ServerCredentials, type ServerDuplexStream} from '@grpc/grpc-js'
import {loadSync} from '@grpc/proto-loader'

/** What the tests read of a DiscoveryRequest. */
export interface DiscoveryRequest {
  readonly node: {readonly id: string; readonly cluster: string; readonly metadata: unknown} | undefined
  readonly typeUrl: string
  readonly versionInfo: string
  readonly error: string | undefined
}

export const clusterType = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'
export const listenerType = 'type.googleapis.com/envoy.config.listener.v3.Listener'

/** A discovery server as istiod is one on port 15010: ADS over plaintext gRPC. */
export interface Discovery {
  readonly port: number
  /** Every request so far, in order. */
  readonly requests: readonly DiscoveryRequest[]
  /** Resolves with the first request of that type, which may have come already. */
  asked(typeUrl: string): Promise<DiscoveryRequest>
  /** From now on requests of that type are answered, with no resources; one that waits is answered at once. */
  answer(typeUrl: string): void
  close(): void
}

type Stream = ServerDuplexStream<WireRequest, WireResponse>

interface WireRequest {
  readonly node?: {readonly id: string; readonly cluster: string; readonly metadata?: WireStruct} | null
  readonly typeUrl: string
  readonly versionInfo: string
  readonly errorDetail?: {readonly message: string} | null
}

interface WireResponse {
  readonly versionInfo: string
  readonly resources: readonly never[]
  readonly typeUrl: string
  readonly nonce: string
}

interface WireStruct {
  readonly fields?: {readonly [name: string]: WireValue}
}

interface WireValue {
  readonly kind?: string
  readonly stringValue?: string
  readonly numberValue?: number
  readonly boolValue?: boolean
  readonly structValue?: WireStruct
  readonly listValue?: {readonly values?: readonly WireValue[]}
}

export async function startDiscovery(): Promise<Discovery> {
  const definition = loadSync(join(import.meta.dirname, 'discovery.proto'), {oneofs: true, defaults: true})
  const service = loadPackageDefinition(definition)['envoy'] as unknown as {
    service: {discovery: {v3: {AggregatedDiscoveryService: {service: never}}}}
  }
  const requests: DiscoveryRequest[] = []
  const waiting: {typeUrl: string; resolve: (request: DiscoveryRequest) => void}[] = []
  const answered = new Set<string>()
  const unanswered: {typeUrl: string; stream: Stream}[] = []
  const reply = (stream: Stream, typeUrl: string) => {
    stream.write({versionInfo: '1', resources: [], typeUrl, nonce: `${typeUrl}-1`})
  }

  const server = new Server()
  server.addService(service.service.discovery.v3.AggregatedDiscoveryService.service, {
    streamAggregatedResources(stream: Stream) {
      stream.on('data', (wire: WireRequest) => {
        const request = read(wire)
        requests.push(request)
        for (const wait of waiting.splice(0)) {
          if (wait.typeUrl === request.typeUrl) wait.resolve(request)
          else waiting.push(wait)
        }
        // A request that names a version acknowledges (or rejects) an answer and wants none.
        if (request.versionInfo !== '' || request.error !== undefined) return
        if (answered.has(request.typeUrl)) reply(stream, request.typeUrl)
        else unanswered.push({typeUrl: request.typeUrl, stream})
      })
      stream.on('end', () => stream.end())
      stream.on('error', () => undefined)
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  return {
    port,
    requests,
    asked(typeUrl) {
      const found = requests.find((request) => request.typeUrl === typeUrl)
      if (found !== undefined) return Promise.resolve(found)
      return new Promise((resolve) => {
        waiting.push({typeUrl, resolve})
      })
    },
    answer(typeUrl) {
      answered.add(typeUrl)
      for (const entry of unanswered.splice(0)) {
        if (entry.typeUrl === typeUrl) reply(entry.stream, typeUrl)
        else unanswered.push(entry)
      }
    },
    close: () => server.forceShutdown(),
  }
}

function read({node, typeUrl, versionInfo, errorDetail}: WireRequest): DiscoveryRequest {
  return {
    // Envoy sends the node with the first request of a stream only, as the bootstrap asks for.
    node: node == null ? undefined : {id: node.id, cluster: node.cluster, metadata: struct(node.metadata ?? {})},
    typeUrl,
    versionInfo,
    error: errorDetail?.message,
  }
}

function struct({fields = {}}: WireStruct): {[name: string]: unknown} {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]))
}

function plain(value: WireValue): unknown {
  if (value.kind === 'structValue') return struct(value.structValue ?? {})
  if (value.kind === 'listValue') return (value.listValue?.values ?? []).map(plain)
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null
}
