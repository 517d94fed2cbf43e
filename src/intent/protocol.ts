import type {MeshServiceSpec} from '../rules/mesh-service.ts'
import type {Protocol, ServiceFacts, ServicePort} from './intent.ts'

/** What the words of an appProtocol, or the beginning of a port's name, say is spoken. TLS of the application's own is bytes to a mesh. */
const words = new Map<string, Protocol>([
  ['http', 'http'],
  ['kubernetes.io/ws', 'http'],
  ['http2', 'http2'],
  ['h2c', 'http2'],
  ['kubernetes.io/h2c', 'http2'],
  ['grpc', 'grpc'],
  ['grpc-web', 'http'],
  ...['tcp', 'https', 'tls', 'kubernetes.io/wss', 'mongo', 'mysql', 'redis'].map((word): [string, Protocol] => [
    word,
    'tcp',
  ]),
])

/** What a service speaks: what it registered, else what its first port that says anything says, else HTTP. */
export function protocolOf(registration: MeshServiceSpec | undefined, facts: ServiceFacts | undefined): Protocol {
  if (registration?.protocol !== undefined) return registration.protocol
  const ports = facts?.ports ?? []
  const own = ports.filter((port) => registration !== undefined && leadsTo(port, registration.port, facts))
  for (const port of own.length > 0 ? own : ports) {
    const said = spoken(port)
    if (said !== undefined) return said
  }
  return 'http'
}

function spoken({appProtocol, name = ''}: ServicePort): Protocol | undefined {
  if (appProtocol !== undefined) return words.get(appProtocol.toLowerCase())
  return name.startsWith('grpc-web') ? 'http' : words.get(name.split('-', 1)[0] ?? '')
}

/** Whether a port of the Service is `port` itself, or leads to it in the pods. */
export function leadsTo(own: ServicePort, port: number, facts: ServiceFacts | undefined): boolean {
  if (own.port === port || own.targetPort === port) return true
  if (typeof own.targetPort !== 'string' || facts === undefined) return false
  return facts.pods.some(({ports}) => ports.some((one) => one.name === own.targetPort && one.port === port))
}
