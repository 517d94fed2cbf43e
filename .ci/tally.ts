/** Adds up the JSON reports of vitest in a folder, in the one line that says what CI tried. */
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {z} from 'zod'

const REPORT = z.object({numPassedTests: z.number(), numFailedTests: z.number(), numPendingTests: z.number()})

const [folder = ''] = process.argv.slice(2)
const reports = readdirSync(folder).map((name) => REPORT.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
const sum = (key: keyof z.infer<typeof REPORT>): number => reports.reduce((total, report) => total + report[key], 0)
console.log(`${sum('numPassedTests')} passed, ${sum('numFailedTests')} failed, ${sum('numPendingTests')} skipped`)
