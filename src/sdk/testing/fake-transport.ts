import {answer, FakeAnswer, FakeFailure, type FakeOperations, type RecordedCall} from './fakes.ts'
import {NoAnswer, type Incoming, type Outgoing, type Transport} from '../transport.ts'

/** Services that are functions, and what was asked of them. */
export class FakeTransport implements Transport {
  readonly calls: RecordedCall[] = []
  readonly #fakes = new Map<string, FakeOperations>()

  /** Later fakes stand beside earlier ones, and in their place where they have the same names. */
  fake(service: string, operations: FakeOperations): void {
    this.#fakes.set(service, {...this.#fakes.get(service), ...operations})
  }

  async send({service, method, path, headers, body, operation, binary, signal}: Outgoing): Promise<Incoming> {
    const [route = ''] = path.split('?', 1)
    const call: RecordedCall = {
      service: service.name,
      namespace: service.namespace,
      operation: operation?.name ?? `${method} ${route}`,
      input: operation === undefined ? body : operation.input,
      method,
      path,
      headers,
    }
    this.calls.push(call)
    const url = `fake://${service.name}.${service.namespace}${path}`
    const fake = this.#fakeOf(call)
    if (fake === undefined) {
      const cause = new Error(`there is no fake of ${service.name}.${call.operation}; add one with mesh.fake()`)
      throw new NoAnswer('connect', {url, attempts: 1, cause})
    }
    // A fake says itself what it takes; nobody else knows.
    const said: unknown = await Reflect.apply(fake, undefined, [call.input, call])
    signal?.throwIfAborted()
    if (said instanceof FakeFailure) throw new NoAnswer(said.reason, {url, attempts: 1})
    const {status, body: value, headers: given} = said instanceof FakeAnswer ? said : answer(200, said)
    const text = value === undefined ? '' : JSON.stringify(value)
    const content = binary === true ? {text: '', bytes: new TextEncoder().encode(text)} : {text}
    return {status, headers: {'content-type': 'application/json', ...given}, ...content, url, attempts: 1}
  }

  async close(): Promise<void> {}

  #fakeOf({service, namespace, operation}: RecordedCall): FakeOperations[string] | undefined {
    const fakes = this.#fakes.get(`${service}.${namespace}`) ?? this.#fakes.get(service)
    return fakes !== undefined && Object.hasOwn(fakes, operation) ? fakes[operation] : undefined
  }
}
