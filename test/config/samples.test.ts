import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {loadConfiguration} from '../../src/config/load.ts'
import {formatProblems} from '../../src/config/problem.ts'
import type {ConfigSource} from '../../src/config/read.ts'
import {meshNames} from '../../src/mesh/mesh.ts'
import {needsShared} from '../shared.ts'

const isMeshSample = ({file}: ConfigSource) => /^0[678]-/.test(file)

needsShared("the user's samples", (shared) => {
  const folder = join(shared, 'samples')
  const samples = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file): ConfigSource => ({file, text: readFileSync(join(folder, file), 'utf8')}))
  const together = samples.filter(isMeshSample).map((mesh) => ({
    file: `all with ${mesh.file}`,
    sources: [...samples.filter((sample) => !isMeshSample(sample)), mesh],
  }))
  const alone = samples.map((sample) => ({file: sample.file, sources: [sample]}))

  test('are there', () => {
    expect(samples.length).toBeGreaterThanOrEqual(8)
  })

  test.each([...alone, ...together])('$file loads for each mesh and environment', ({sources}) => {
    const result = loadConfiguration(sources)
    expect(result.ok ? '' : formatProblems(result.problems)).toBe('')
    if (!result.ok) return
    for (const mesh of meshNames) {
      for (const environment of [undefined, ...result.loaded.environments]) {
        const resolution = result.loaded.resolve(environment, {mesh})
        expect(resolution.ok && resolution.resolved.configuration.mesh.type).toBe(mesh)
      }
    }
  })

  test.each(together)('$file keeps what each file says', ({sources}) => {
    const result = loadConfiguration(sources)
    const production = result.ok ? result.loaded.resolve('production') : result
    if (!production.ok) throw new Error(formatProblems(production.problems))
    expect(production.resolved.configuration).toMatchObject({
      mesh: {
        autoInject: true,
        injectionNamespace: ['default'],
        telemetry: {samplingRate: 0.1},
        security: {mutualTLS: true},
        sidecar: {proxy: {config: {statNameLength: 189}}},
      },
      meshSecurity: {authorizationPolicy: [{source: 'user-service', destination: 'order-service', action: 'ALLOW'}]},
    })
  })
})
