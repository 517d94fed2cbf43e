/**
 * `make faults` runs every row and writes the table of docs/reliability.md; `--quick` runs smaller ones of those that CI can
 * afford, and writes nothing. Numbers run only those rows, and write only their lines. Exits 1 where a verdict fails.
 */
import {readFile, writeFile} from 'node:fs/promises'
import {cpus} from 'node:os'
import {join} from 'node:path'
import {machineTicks} from '../../bench/process.ts'
import {root} from '../e2e/command.ts'
import {Bed} from './bed.ts'
import {failures} from './count.ts'
import {absentLine, lineOf, readTable, tableOf, verdictOf, withTable, type Result} from './page.ts'
import {number, type Outcome, type Row} from './row.ts'
import {absent, rows} from './rows.ts'

const args = process.argv.slice(2)
const scale = args.includes('--quick') ? 'quick' : 'full'
const numbers = args.filter((arg) => /^\d+$/.test(arg)).map(Number)
const chosen = rows.filter(({number, isQuick}) =>
  numbers.length > 0 ? numbers.includes(number) : scale === 'full' || isQuick,
)

const begun = performance.now()
const results: Result[] = []
const bed = await Bed.start()
try {
  for (const row of chosen) {
    const started = performance.now()
    const outcome = await outcomeOf(row)
    results.push({row, outcome})
    print(row, outcome, (performance.now() - started) / 1000)
    // At once, so that an hour's work outlives whoever stops it.
    if (scale === 'full') await write()
  }
} finally {
  await bed.stop()
}
console.log(`${chosen.length} rows in ${((performance.now() - begun) / 1000).toFixed(0)} s`)
// A row that failed may have left something open.
process.exit()

/** Rows that were not run this time stay as they were measured last. */
async function write(): Promise<void> {
  const file = join(root, 'docs/reliability.md')
  const page = await readFile(file, 'utf8')
  const unmeasured = rows.map((row) => absentLine({...row, because: 'not measured yet'}))
  const before = readTable(page).lines.filter(({verdict}) => verdict !== 'not run')
  const measured = [...before, ...absent.map(absentLine), ...results.map(lineOf)]
  const lines = new Map([...unmeasured, ...measured].map((line) => [line.number, line]))
  const [core] = cpus()
  const conditions = `${cpus().length} cores (${core?.model ?? 'unknown'}), Node.js ${process.versions.node}, Kubernetes 1.36.`
  await writeFile(file, withTable(page, tableOf([...lines.values()], conditions)))
}

/** A row that cannot be run to its end is a row that fails. */
async function outcomeOf(row: Row): Promise<Outcome> {
  try {
    await bed.settle(row.replicas)
    const before = machineTicks()
    const outcome = await row.run(bed, scale)
    const after = machineTicks()
    const stolen = (after.stolen - before.stolen) / (after.all - before.all)
    // Latencies are of that too: a core that is away for 50 ms answers nobody.
    const told = stolen >= 0.01 ? `; the machine's host kept ${number(stolen * 100, 1)} % of its time from it` : ''
    return {...outcome, done: outcome.done + told}
  } catch (error) {
    return {done: 'not run to its end', checks: [{holds: false, text: String(error)}]}
  }
}

function print({number, fault}: Row, outcome: Outcome, seconds: number): void {
  const {done, count, checks} = outcome
  const verdict = verdictOf(outcome)
  console.log(`${number} ${fault}: ${verdict} (${seconds.toFixed(0)} s)\n  ${done}`)
  if (count !== undefined) {
    const {attempted, injected, bare, refused, lost, p50, p99, worst} = count
    const latency = [p50, p99, worst].map((value) => value.toFixed(1)).join('/')
    console.log(
      `  ${attempted} attempted: ${injected} with sidecar, ${bare} without, ${refused} refused, ${lost} without an answer (${failures(count)} lost); p50/p99/max ${latency} ms`,
    )
  }
  for (const {holds, text} of checks) console.log(`  ${holds ? '+' : '-'} ${text}`)
  if (verdict === 'fails') process.exitCode = 1
}
