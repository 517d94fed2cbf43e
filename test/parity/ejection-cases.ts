import {setTimeout as sleep} from 'node:timers/promises'
import {inTurn, keepAsking, times, untilWell, within} from './observing.ts'
import type {Case, Sent, Stage} from './stage.ts'
import type {Answer} from './upstream.ts'

/** Milliseconds of the first ejection in these cases; Envoy looks as often whether one is over. */
const first = 300
/** Milliseconds that a machine with other work may add. */
const slack = 500
const breaker = (threshold: number, recovery = '60s') => ({
  circuitBreaker: {threshold, timeout: `${first}ms`, recovery},
})
/** An ejection that outlasts its case. */
const lasting = (threshold: number) => ({circuitBreaker: {threshold, timeout: '60s', recovery: '60s'}})
/** Envoy ejects on another thread than it asks on, a moment later. */
const paced = (stage: Stage, requests: readonly Sent[]) => inTurn(stage, requests, 15)
const hitsOf = (stage: Stage, index = 0) => stage.endpoints[index]?.hits.length
/** Milliseconds between one request to the endpoint and the next. */
const gaps = ({endpoints: [one]}: Stage): readonly number[] => {
  const hits = one?.hits ?? []
  return hits.slice(1).map((at, index) => at - (hits[index] ?? at))
}

/** What counts as a failure of the endpoint that gave it. */
function counting(name: string, answer: Answer, counts: boolean, more: Case['policies'] = {}): Case {
  return {
    name: `ejection: ${name} ${counts ? 'counts' : 'does not count'} as a failure`,
    policies: {a: {...lasting(3), ...more['a']}},
    endpoints: [{answer: () => answer}],
    play: async (stage) => {
      await paced(stage, times(6))
      return hitsOf(stage)
    },
    expected: counts ? 3 : 6,
  }
}

export const ejectionCases: readonly Case[] = [
  counting('503', 503, true),
  counting('500', 500, true),
  counting('404', 404, false),
  counting('429', 429, false),
  counting('a reset', 'reset', true),
  counting('the timeout of a try', 'hang', true, {a: {retries: {attempts: 0, perTryTimeout: '150ms'}}}),
  counting('the timeout of the call', 'hang', true, {a: {timeout: '150ms'}}),
  counting('an answer that breaks off', {status: 200, bodyBreaks: true}, false),
  {
    name: 'ejection: a refused connection counts as a failure',
    policies: {a: lasting(3)},
    endpoints: [{}],
    // Who was asked says that it was tried; who was not, nothing.
    play: async (stage) => (await paced(stage, times(5))).map(({attempts}) => attempts),
    expected: [1, 1, 1, within(0, 1), within(0, 1)],
  },
  {
    name: 'ejection: a caller that hangs up says nothing of the endpoint',
    policies: {a: lasting(2)},
    endpoints: [{answer: (count) => (count <= 4 ? 'hang' : 200)}],
    play: async (stage) => {
      await paced(stage, times(4, {giveUpAfter: 150}))
      return (await stage.send()).status
    },
    expected: 200,
  },
  {
    name: 'ejection: an endpoint that keeps failing gets no more, the others get all',
    policies: {a: lasting(3)},
    endpoints: [
      {version: 'bad', answer: () => 503},
      {version: 'good', answer: () => 200},
    ],
    play: async (stage) => {
      const seen = await paced(stage, times(30))
      return {bad: hitsOf(stage), lost: seen.filter(({status}) => status !== 200).length}
    },
    expected: {bad: 3, lost: 3},
  },
  {
    name: 'ejection: a good answer begins the count anew',
    policies: {a: lasting(3)},
    endpoints: [{answer: (count) => (count % 3 === 0 ? 200 : 503)}],
    play: async (stage) => {
      await paced(stage, times(12))
      return hitsOf(stage)
    },
    expected: 12,
  },
  {
    name: 'ejection: every try counts, and the last endpoint may be ejected during a call',
    policies: {a: {...lasting(2), retries: {attempts: 5, on: ['5xx']}}},
    endpoints: [{answer: () => 503}],
    play: async (stage) => {
      const {status} = await stage.send()
      return {status, hits: hitsOf(stage)}
    },
    expected: {status: 503, hits: 2},
  },
  {
    name: 'ejection: where every endpoint is out, calls fail at once',
    policies: {a: {...lasting(2), timeout: '5s'}},
    endpoints: [{answer: () => 503}, {answer: () => 'reset'}],
    play: async (stage) => {
      await paced(stage, times(8))
      const {status, took} = await stage.send()
      return {status, took, hits: [hitsOf(stage, 0), hitsOf(stage, 1)]}
    },
    expected: {status: 503, took: within(0, 100), hits: [2, 2]},
  },
  {
    name: 'ejection: it lasts for the first timeout, and then the endpoint is a full one again',
    policies: {a: breaker(2)},
    endpoints: [{answer: (count) => (count <= 2 || count === 4 ? 503 : 200)}],
    play: async (stage) => {
      await paced(stage, times(2))
      await untilWell(stage)
      // One failure is not enough, as before.
      const after = await paced(stage, times(3))
      return {out: gaps(stage)[1], after: after.map(({status}) => status)}
    },
    expected: {out: within(first, 2 * first + slack), after: [503, 200, 200]},
  },
  {
    name: 'ejection: each further one is longer by the first timeout, up to recovery',
    policies: {a: breaker(2, '700ms')},
    endpoints: [{answer: () => 503}],
    play: async (stage) => {
      await keepAsking(stage, 3600)
      return gaps(stage)
        .filter((gap) => gap > first / 2)
        .slice(0, 3)
    },
    expected: [
      within(first, 2 * first + slack),
      within(2 * first, 3 * first + slack),
      within(700, 700 + first + slack),
    ],
  },
  {
    name: 'ejection: quiet times make the next one shorter again',
    policies: {a: breaker(1)},
    endpoints: [{answer: (count) => ([1, 2, 3, 5].includes(count) ? 503 : 200)}],
    play: async (stage) => {
      // Each failure comes as soon as the ejection before it is over.
      await untilWell(stage)
      await sleep(5 * first)
      await untilWell(stage)
      const [once, twice, thrice, , again] = gaps(stage)
      return [once, twice, thrice, again]
    },
    expected: [
      within(first, 2 * first + slack),
      within(2 * first, 3 * first + slack),
      within(3 * first, 4 * first + slack),
      within(first, 2 * first + slack),
    ],
  },
  {
    name: 'ejection: another service that gets a share has its own breaker',
    policies: {
      a: {
        split: [
          {version: 'v1', weight: 0},
          {version: 'b1', service: 'b', weight: 100},
        ],
        ...lasting(9),
      },
      b: lasting(2),
    },
    endpoints: [
      {version: 'v1', answer: () => 200},
      {service: 'b', version: 'b1', answer: () => 503},
    ],
    play: async (stage) => {
      await paced(stage, times(6))
      return hitsOf(stage, 1)
    },
    expected: 2,
  },
]
