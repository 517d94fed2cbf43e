import {inTurn, times, within} from './observing.ts'
import type {Case} from './stage.ts'

/** Milliseconds that a machine with other work may add. */
const slack = 800

export const timeoutCases: readonly Case[] = [
  {
    name: 'timeout ends a call that nobody answers',
    policies: {a: {timeout: '300ms'}},
    endpoints: [{answer: () => 'hang'}],
    play: async (stage) => {
      const {status, took} = await stage.send()
      return {status, took, hits: stage.endpoints[0]?.hits.length}
    },
    expected: {status: 504, took: within(295, 300 + slack), hits: 1},
  },
  {
    name: 'timeout is for all tries together',
    policies: {a: {timeout: '700ms', retries: {attempts: 9, perTryTimeout: '300ms', on: ['5xx']}}},
    endpoints: [{answer: () => 'hang'}],
    play: async (stage) => {
      const {status, took} = await stage.send()
      return {status, took, hits: stage.endpoints[0]?.hits.length}
    },
    expected: {status: 504, took: within(695, 700 + slack), hits: within(2, 3)},
  },
  {
    name: 'timeout holds for the body as well',
    policies: {a: {timeout: '300ms'}},
    endpoints: [{answer: () => ({status: 200, bodyAfter: 3000})}],
    play: async (stage) => {
      const {status, took} = await stage.send()
      return {well: status === 200, took}
    },
    expected: {well: false, took: within(295, 300 + slack)},
  },
  {
    name: 'perTryTimeout ends one try, and the last one with 504',
    policies: {a: {retries: {attempts: 2, perTryTimeout: '250ms', on: ['5xx']}}},
    endpoints: [{answer: () => 'hang'}],
    play: async (stage) => {
      const {status, took, attempts} = await stage.send()
      return {status, took, attempts, hits: stage.endpoints[0]?.hits.length}
    },
    expected: {status: 504, took: within(745, 3 * 250 + 75 + slack), attempts: 3, hits: 3},
  },
  {
    name: 'perTryTimeout lets the next try answer',
    policies: {a: {retries: {attempts: 2, perTryTimeout: '250ms', on: ['gateway-error']}}},
    endpoints: [{answer: (count) => (count === 1 ? 'hang' : 200)}],
    play: async (stage) => {
      const {status, attempts} = await stage.send()
      return {status, attempts}
    },
    expected: {status: 200, attempts: 2},
  },
  {
    name: 'perTryTimeout without retries is a timeout',
    policies: {a: {retries: {attempts: 0, perTryTimeout: '250ms'}}},
    endpoints: [{answer: () => 'hang'}],
    play: async (stage) => {
      const {status, took} = await stage.send()
      return {status, took}
    },
    expected: {status: 504, took: within(245, 250 + slack)},
  },
  {
    name: 'perTryTimeout is for the headers: a slow body that has begun is waited for',
    policies: {a: {retries: {attempts: 2, perTryTimeout: '300ms', on: ['5xx']}}},
    endpoints: [{answer: () => ({status: 200, bodyAfter: 900})}],
    play: async (stage) => {
      const {status, attempts, took} = await stage.send()
      return {status, attempts, took}
    },
    expected: {status: 200, attempts: 1, took: within(895, 900 + slack)},
  },
  {
    name: 'a call without timeout is waited for',
    policies: {a: {retries: {attempts: 1, on: ['5xx']}}},
    endpoints: [{answer: () => ({status: 200, bodyAfter: 1000})}],
    play: async (stage) => (await inTurn(stage, times(1))).map(({status}) => status),
    expected: [200],
  },
]
