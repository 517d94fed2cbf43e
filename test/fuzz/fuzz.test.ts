import {describe, expect, it, test} from 'vitest'
import {meshNames} from '../../src/mesh/mesh.ts'
import {corpusOf} from './corpus.ts'
import {fuzzMesh} from './review-webhook.ts'
import {fuzzTexts} from './text-run.ts'

// `make fuzz` sends a million; a fixed seed here, so that a failure is one that can be repeated.
const seed = 20_261_123

it.each(meshNames)(
  'answers 700 hostile reviews as %s without a crash, a hang or a bad patch',
  {timeout: 120_000},
  async (mesh) => {
    const report = await fuzzMesh(mesh, 700, seed)
    expect(report.problems).toEqual([])
    expect(report.hangs).toEqual([])
    // The bodies reach what they are meant to reach.
    expect(report.patched).toBeGreaterThan(100)
    expect(report.refused).toBeGreaterThan(100)
    expect(report.statuses.get(400) ?? 0).toBeGreaterThan(20)
    expect(report.statuses.get(200) ?? 0).toBeGreaterThan(400)
  },
)

describe.each(['configurations', 'manifests', 'rules'] as const)('%s that are hostile', (target) => {
  test('are taken, or refused with a sentence: 300 of them', {timeout: 120_000}, async () => {
    const report = await fuzzTexts(target, 300, seed)
    expect(report.problems).toEqual([])
    expect(report.hangs).toEqual([])
    expect(report.taken).toBeGreaterThan(30)
    expect(report.refused).toBeGreaterThan(30)
  })

  test('begin with those of the corpus', () => {
    expect(corpusOf(target).length).toBeGreaterThan(1)
  })
})
