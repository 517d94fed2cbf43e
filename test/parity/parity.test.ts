import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {installEnvoy} from '../envoy/install.ts'
import {cases, quietCases} from './cases.ts'
import {startEnvoy, type RunningEnvoy} from './envoy-stage.ts'
import {localStage} from './local-stage.ts'
import type {Case, Stage} from './stage.ts'
import {startUpstream, type Upstream} from './upstream.ts'

/*
 * The behaviour table: what rules do in local mode and in a real Envoy that has been told the same. Where the two differ,
 * local mode is wrong.
 */

const version = '1.40.0'
const all = [...quietCases, ...cases]
const upstreams: Upstream[] = []
afterAll(() => Promise.all(upstreams.map((one) => one.close())))

async function startAll({endpoints}: Case): Promise<readonly Upstream[]> {
  const started = await Promise.all(endpoints.map(startUpstream))
  upstreams.push(...started)
  return started
}

function table(stageOf: (one: Case) => Promise<Stage>): void {
  // Chance is against a share three times in a thousand.
  test.each(quietCases)('$name', {retry: 2}, async (one) => {
    expect(await one.play(await stageOf(one))).toEqual(one.expected)
  })
  test.concurrent.each(cases)('$name', async (one) => {
    expect(await one.play(await stageOf(one))).toEqual(one.expected)
  })
}

describe('in local mode', () => {
  const closers: (() => Promise<void>)[] = []
  afterAll(() => Promise.all(closers.map((close) => close())))
  table(async (one) => {
    const stage = localStage(one, await startAll(one))
    closers.push(() => stage.close())
    return stage
  })
})

const installed = await installEnvoy(version)
if ('missing' in installed) process.stderr.write(`skipped: ${installed.missing}\n`)

describe.skipIf('missing' in installed)(`in Envoy ${version}`, () => {
  const endpointsOf = new Map<Case, readonly Upstream[]>()
  let envoy: RunningEnvoy | undefined
  beforeAll(async () => {
    if ('missing' in installed) return
    for (const one of all) endpointsOf.set(one, await startAll(one))
    envoy = await startEnvoy(
      installed.program,
      [...endpointsOf].map(([one, endpoints]) => ({one, endpoints})),
    )
  })
  afterAll(() => envoy?.stop())
  table(async (one) => {
    if (envoy === undefined) throw new Error('Envoy does not run')
    return envoy.stageOf(one.name, endpointsOf.get(one) ?? [])
  })
})
