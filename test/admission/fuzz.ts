/**
 * `make fuzz`: sends hostile bodies to a webhook for each mesh over a real socket. Exits 1 at a crash, a hang, or an answer
 * that is none. Usage: fuzz.ts [BODIES] [SEED]; the seed that is printed repeats a run.
 */
import {join} from 'node:path'
import {meshNames} from '../../src/mesh/mesh.ts'
import {fuzzMesh} from './fuzz-mesh.ts'

const [count = '100000', seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2)
const program = [join(import.meta.dirname, '..', '..', 'bin', 'meshwright')]
const each = Math.ceil(Number(count) / meshNames.length)
console.log(`${each} bodies for each mesh, seed ${seed}`)

for (const mesh of meshNames) {
  const started = performance.now()
  const report = await fuzzMesh(mesh, each, Number(seed), program)
  const statuses = [...report.statuses].sort(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`)
  const seconds = (performance.now() - started) / 1000
  console.log(
    [
      `${mesh}: ${statuses.join(', ')}; ${report.patched} patched, ${report.refused} refused`,
      `slowest round trip ${report.slowest.toFixed(0)} ms, ${report.slow} over 100 ms, ${report.hangs.length} of them again and again`,
      `${report.residentMiB.toFixed(0)} MiB resident, ${seconds.toFixed(0)} s`,
    ].join('\n  '),
  )
  for (const line of [...report.problems, ...report.hangs]) console.error(`  ${line}`)
  if (report.problems.length > 0 || report.hangs.length > 0) process.exitCode = 1
}
