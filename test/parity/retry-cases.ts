import {retryConditions, type RetryCondition} from '../../src/intent/intent.ts'
import type {Case} from './stage.ts'
import type {Answer} from './upstream.ts'

const failures: Readonly<Record<string, Answer | undefined>> = {
  '503': 503,
  '502': 502,
  '500': 500,
  '501': 501,
  '409': 409,
  '404': 404,
  '429': 429,
  'a reset': 'reset',
  'no answer in time': 'hang',
  'a refused connection': undefined,
}

/** Which failures a condition is for. */
const triedAgain: Readonly<Record<RetryCondition, readonly string[]>> = {
  '5xx': ['503', '502', '500', '501', 'a reset', 'no answer in time', 'a refused connection'],
  'gateway-error': ['503', '502', 'a reset', 'no answer in time', 'a refused connection'],
  reset: ['a reset', 'no answer in time', 'a refused connection'],
  'connect-failure': ['a refused connection'],
  'refused-stream': [],
  'retriable-4xx': ['409'],
}

function retrying(condition: RetryCondition, name: string, failure: Answer | undefined): Case {
  const tries = triedAgain[condition].includes(name) ? 3 : 1
  return {
    name: `retries on ${condition}: ${name} is tried ${tries} times`,
    policies: {
      a: {retries: {attempts: 2, on: [condition], ...(failure === 'hang' && {perTryTimeout: '60ms'})}},
    },
    endpoints: [failure === undefined ? {} : {answer: () => failure}],
    play: async (stage) => (await stage.send()).attempts,
    expected: tries,
  }
}

export const retryCases: readonly Case[] = [
  ...retryConditions.flatMap((condition) =>
    Object.entries(failures).map(([name, failure]) => retrying(condition, name, failure)),
  ),
  {
    name: 'retries of several conditions add up',
    policies: {a: {retries: {attempts: 9, on: ['gateway-error', 'retriable-4xx']}}},
    endpoints: [{answer: (count) => [503, 409, 'reset' as const, 502, 500, 200][count - 1] ?? 200}],
    play: async (stage) => {
      const {status, attempts} = await stage.send()
      return {status, attempts}
    },
    expected: {status: 500, attempts: 5},
  },
  {
    name: 'retries end with the first good answer',
    policies: {a: {retries: {attempts: 5}}},
    endpoints: [{answer: (count) => (count < 3 ? 503 : 200)}],
    play: async (stage) => {
      const {status, attempts} = await stage.send()
      return {status, attempts}
    },
    expected: {status: 200, attempts: 3},
  },
  {
    name: 'an answer that breaks off after its headers is not tried again',
    policies: {a: {retries: {attempts: 3, on: ['5xx', 'reset']}}},
    endpoints: [{answer: () => ({status: 200, bodyBreaks: true})}],
    play: async (stage) => {
      const {status} = await stage.send()
      return {well: status === 200, hits: stage.endpoints[0]?.hits.length}
    },
    expected: {well: false, hits: 1},
  },
  {
    name: 'retries of a POST are made as well',
    policies: {a: {retries: {attempts: 2, on: ['5xx']}}},
    endpoints: [{answer: () => 503}],
    play: async (stage) => (await stage.send({method: 'POST'})).attempts,
    expected: 3,
  },
  {
    name: 'a try after a failure goes to another endpoint',
    policies: {a: {retries: {attempts: 1, on: ['connect-failure']}}},
    endpoints: [{}, {answer: () => 200}],
    play: async (stage) => {
      const seen = await Promise.all(Array.from({length: 40}, () => stage.send()))
      return seen.filter(({status}) => status !== 200).length
    },
    expected: 0,
  },
]
