import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {text} from 'node:stream/consumers'
import {stripVTControlCharacters} from 'node:util'
import {root} from '../../e2e/command.ts'
import {sharedFolder} from '../../shared.ts'
import {check, number, type Row} from '../row.ts'

const file = 'test/e2e/controller-kills.e2e.ts'

export const controllerKills: Row = {
  number: 18,
  fault: 'the controller killed after every write',
  bar: '200 kills: it converges, nothing orphaned or half-written',
  isQuick: false,
  async run() {
    const done = `the test ${file}, which is a part of \`make e2e\`: rules come, change, move from mesh to mesh and go, and the controller is killed as soon as a write of its is stored`
    if (sharedFolder() === undefined) return {done, notRun: "the meshes' own CRDs are not at hand", checks: []}
    const begun = performance.now()
    const child = spawn('npx', ['vitest', 'run', '--project', 'e2e', file], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    const seconds = (performance.now() - begun) / 1000
    const said = stripVTControlCharacters(output).trim().split('\n')
    const passed = code === 0 && said.some((line) => /Tests\s+1 passed/.test(line))
    return {
      done,
      checks: [check(passed, passed ? `200 kills, ${number(seconds)} s` : said.slice(-15).join(' '))],
    }
  },
}
