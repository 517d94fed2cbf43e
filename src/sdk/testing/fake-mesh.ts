import {ApplicationMesh, type Parts} from '../application-mesh.ts'
import type {FakeClock} from './fake-clock.ts'
import type {FakeStore} from './fake-store.ts'
import type {FakeTransport} from './fake-transport.ts'
import type {FakeOperations, RecordedCall, RecordedRule} from './fakes.ts'
import type {TestMesh} from './test-mesh.ts'

/** A mesh of fakes. */
export class FakeMesh extends ApplicationMesh implements TestMesh {
  readonly clock: FakeClock
  readonly #store: FakeStore
  readonly #transport: FakeTransport

  constructor(parts: Parts, fakes: {clock: FakeClock; store: FakeStore; transport: FakeTransport}) {
    super(parts)
    this.clock = fakes.clock
    this.#store = fakes.store
    this.#transport = fakes.transport
  }

  get calls(): readonly RecordedCall[] {
    return [...this.#transport.calls]
  }

  get rules(): readonly RecordedRule[] {
    return this.#store.rules
  }

  fake(service: string, operations: FakeOperations): void {
    this.#transport.fake(service, operations)
  }
}
