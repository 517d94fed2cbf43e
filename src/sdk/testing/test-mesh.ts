import type {Mesh} from '../mesh.ts'
import type {FakeClock} from './fake-clock.ts'
import type {FakeOperations, RecordedCall, RecordedRule} from './fakes.ts'

/** A mesh for tests: no network, no cluster, and time that stands still. */
export interface TestMesh extends Mesh {
  /** Every call so far, oldest first. */
  readonly calls: readonly RecordedCall[]
  /** Every rule that is in force, in the order of registration; `await mesh.ready()` first. */
  readonly rules: readonly RecordedRule[]
  readonly clock: FakeClock
  /** Further operations of a service, in the place of those with the same names. */
  fake(service: string, operations: FakeOperations): void
}
