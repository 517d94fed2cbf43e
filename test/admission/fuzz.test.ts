import {expect, it} from 'vitest'
import {meshNames} from '../../src/mesh/mesh.ts'
import {fuzzMesh} from './fuzz-mesh.ts'

// `make fuzz` sends a hundred thousand; a fixed seed here, so that a failure is one that can be repeated.
it.each(meshNames)(
  'answers 700 hostile bodies as %s without a crash, a hang or a bad patch',
  {timeout: 120_000},
  async (mesh) => {
    const report = await fuzzMesh(mesh, 700, 20_261_123)
    expect(report.problems).toEqual([])
    expect(report.hangs).toEqual([])
    // The bodies reach what they are meant to reach.
    expect(report.patched).toBeGreaterThan(100)
    expect(report.refused).toBeGreaterThan(100)
    expect(report.statuses.get(400) ?? 0).toBeGreaterThan(20)
    expect(report.statuses.get(200) ?? 0).toBeGreaterThan(400)
  },
)
