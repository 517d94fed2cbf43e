import {inTurn, times, within} from './observing.ts'
import type {Case} from './stage.ts'
import type {Upstream} from './upstream.ts'

const retries = 5
/** As many as a policy may have: each call goes to an endpoint of its own, whose gaps are the waits. */
const versions = Array.from({length: 32}, (_, index) => `v${index}`)

export const waitCases: readonly Case[] = [
  {
    name: 'waits between tries are random, up to 25 ms and then twice as long each time, never over 250',
    policies: {
      a: {
        retries: {attempts: retries, on: ['5xx']},
        versions: versions.map((name) => ({name})),
        routes: versions.map((version) => ({
          match: {headers: {'x-to': {exact: version}}},
          split: [{version, weight: 100}],
        })),
      },
    },
    endpoints: versions.map((version) => ({version, answer: () => 503})),
    play: async (stage) => {
      const left = [...versions]
      const work = async () => {
        for (let version = left.pop(); version !== undefined; version = left.pop()) {
          await inTurn(stage, times(3, {headers: {'x-to': version}}))
        }
      }
      await Promise.all(Array.from({length: 12}, work))
      return Array.from({length: retries}, (_, index) => median(stage.endpoints.flatMap((one) => waitsOf(one, index))))
    },
    // Half of the longest, within what a hundred waits and a busy machine make of it.
    expected: [25, 50, 100, 200, 250].map((longest) => within(longest * 0.4, longest * 0.6 + 15)),
  },
]

/** Milliseconds that each call waited before its retry of that index. */
function waitsOf({hits, answered}: Upstream, index: number): readonly number[] {
  return hits.flatMap((at, hit) => (hit % (retries + 1) === index + 1 ? at - (answered[hit - 1] ?? at) : []))
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}
