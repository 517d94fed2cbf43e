import {shares, within} from './observing.ts'
import type {Case} from './stage.ts'

function weights(
  name: string,
  requests: number,
  spec: Case['policies'],
  expected: Readonly<Record<string, number>>,
): Case {
  return {
    name,
    ...(spec !== undefined && {policies: spec}),
    endpoints: Object.keys(expected).map((version) =>
      version.startsWith('b') ? {service: 'b', version, answer: () => 200} : {version, answer: () => 200},
    ),
    play: async (stage) => Object.fromEntries(await shares(stage, requests)),
    expected: Object.fromEntries(
      Object.entries(expected)
        .filter(([, percent]) => percent > 0)
        .map(([version, percent]) => {
          const share = percent / 100
          const deviation = Math.sqrt(requests * share * (1 - share))
          return [version, within(requests * share - 3 * deviation, requests * share + 3 * deviation)]
        }),
    ),
  }
}

export const weightCases: readonly Case[] = [
  weights(
    'a split of three versions, one of which gets nothing',
    10_000,
    {
      a: {
        split: [
          {version: 'v1', weight: 70},
          {version: 'v2', weight: 30},
          {version: 'v3', weight: 0},
        ],
      },
    },
    {v1: 70, v2: 30, v3: 0},
  ),
  weights(
    'a canary beside two versions',
    3000,
    {a: {versions: [{name: 'v1'}, {name: 'v2'}, {name: 'v3'}], canary: {version: 'v3', percent: 10}}},
    {v1: 45, v2: 45, v3: 10},
  ),
  weights(
    'a split with another service',
    3000,
    {
      a: {
        split: [
          {version: 'v1', weight: 80},
          {version: 'b1', service: 'b', weight: 20},
        ],
      },
    },
    {v1: 80, b1: 20},
  ),
]
