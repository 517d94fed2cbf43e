/**
 * `make fuzz`: hostile reviews to a webhook for each mesh over a real socket, hostile configurations, manifests and rules to
 * what reads them. Exits 1 at a crash, a hang, an answer that is none, or an error that nobody foresaw.
 * Usage: main.ts [BODIES] [SEED]; the seed that is printed repeats a run.
 */
import {join} from 'node:path'
import {meshNames} from '../../src/mesh/mesh.ts'
import {fuzzMesh} from './review-webhook.ts'
import {fuzzTexts} from './text-run.ts'

const [count = '1000000', seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2)
const program = [join(import.meta.dirname, '..', '..', 'bin', 'meshwright')]
/** Of all bodies; the rest are reviews, the same number for each mesh. */
const shares = {configurations: 0.1, manifests: 0.02, rules: 0.01} as const
const ofTexts = Object.values(shares).reduce<number>((sum, share) => sum + share, 0)
const reviews = Math.ceil((Number(count) * (1 - ofTexts)) / meshNames.length)
console.log(`${count} bodies, seed ${seed}`)

for (const target of ['configurations', 'manifests', 'rules'] as const) {
  const started = performance.now()
  const texts = Math.ceil(Number(count) * shares[target])
  const report = await fuzzTexts(target, texts, Number(seed))
  const told = `${texts} ${target}: ${report.taken} taken, ${report.refused} refused, slowest ${report.slowest.toFixed(0)} ms`
  console.log(`${told}, ${seconds(started)} s`)
  complain(report)
}

for (const mesh of meshNames) {
  const started = performance.now()
  const report = await fuzzMesh(mesh, reviews, Number(seed), program)
  const statuses = [...report.statuses].sort(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`)
  console.log(
    [
      `${reviews} reviews, ${mesh}: ${statuses.join(', ')}; ${report.patched} patched, ${report.refused} refused`,
      `slowest round trip ${report.slowest.toFixed(0)} ms, ${report.slow} over 100 ms, ${report.hangs.length} of them again and again`,
      `${report.residentMiB.toFixed(0)} MiB resident, ${seconds(started)} s`,
    ].join('\n  '),
  )
  complain(report)
}

function complain({problems, hangs}: {readonly problems: readonly string[]; readonly hangs: readonly string[]}): void {
  for (const line of [...problems, ...hangs]) console.error(`  ${line}`)
  if (problems.length > 0 || hangs.length > 0) process.exitCode = 1
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(0)
}
