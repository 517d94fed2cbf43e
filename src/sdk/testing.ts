import {assemble} from './assemble.ts'
import {noEnvironment} from './environment.ts'
import type {MeshOptions} from './options.ts'
import {FakeClock} from './testing/fake-clock.ts'
import {FakeMesh} from './testing/fake-mesh.ts'
import {FakeStore} from './testing/fake-store.ts'
import {FakeTransport} from './testing/fake-transport.ts'
import type {FakeOperations} from './testing/fakes.ts'
import type {TestMesh} from './testing/test-mesh.ts'

export {FakeClock} from './testing/fake-clock.ts'
export * from './testing/fakes.ts'
export type {TestMesh} from './testing/test-mesh.ts'

/** The mesh's options, and what stands in for other services. */
export interface TestMeshOptions extends Omit<MeshOptions, 'mode'> {
  /** Services, by name: what each of their operations answers. */
  readonly fakes?: Readonly<Record<string, FakeOperations>>
}

/**
 * The mesh of an application under test. Reads nothing of the environment, so that tests are alike everywhere.
 *
 * @throws MeshConfigError as createMesh
 */
export function createTestMesh({fakes = {}, ...options}: TestMeshOptions = {}): TestMesh {
  const [clock, store, transport] = [new FakeClock(), new FakeStore(), new FakeTransport()]
  for (const [service, operations] of Object.entries(fakes)) transport.fake(service, operations)
  const settled = {openTelemetry: false, ...options, mode: 'local'} as const
  return new FakeMesh(assemble(settled, noEnvironment, {clock, fakes: {transport, store}}), {clock, store, transport})
}
