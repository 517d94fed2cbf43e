import {createServer, type Http2Server, type ServerHttp2Stream} from 'node:http2'

/** `HealthCheckResponse{status: SERVING}` with gRPC's five bytes before it (grpc.health.v1). */
const serving = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01])
const unimplemented = '12'

/** Answers the kubelet's gRPC probes: `grpc.health.v1.Health/Check`, and nothing else. */
export function grpcHealth(): Http2Server {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const isCheck = headers[':path'] === '/grpc.health.v1.Health/Check'
    stream.on('error', () => {})
    stream.resume()
    stream.respond({':status': 200, 'content-type': 'application/grpc'}, {waitForTrailers: true})
    stream.on('wantTrailers', () => stream.sendTrailers({'grpc-status': isCheck ? '0' : unimplemented}))
    stream.end(isCheck ? serving : undefined)
  })
  return server
}
