import type {Values} from '../../src/mesh/values.ts'
import {inTurn} from './observing.ts'
import type {Case, Sent} from './stage.ts'

/** Requests that a match is for go to `yes`, all others to `no`. */
function matching(name: string, match: Values, wanted: readonly (readonly [Sent, 'yes' | 'no'])[]): Case {
  return {
    name: `a route by ${name}`,
    policies: {
      a: {
        split: [{version: 'no', weight: 100}],
        versions: [{name: 'no'}, {name: 'yes'}],
        routes: [{match, split: [{version: 'yes', weight: 100}]}],
      },
    },
    endpoints: [
      {version: 'yes', answer: () => 200},
      {version: 'no', answer: () => 200},
    ],
    play: async (stage) => {
      const requests = wanted.map(([sent]) => sent)
      const seen = await inTurn(stage, requests)
      return requests.map((sent, index) => [sent, seen[index]?.version])
    },
    expected: wanted,
  }
}

export const routeCases: readonly Case[] = [
  matching('prefix is by elements', {pathPrefix: '/api'}, [
    [{path: '/api'}, 'yes'],
    [{path: '/api/'}, 'yes'],
    [{path: '/api/orders'}, 'yes'],
    [{path: '/api?q=/'}, 'yes'],
    [{path: '/apiary'}, 'no'],
    [{path: '/x/api'}, 'no'],
    [{path: '/API'}, 'no'],
  ]),
  matching('prefix with a slash at its end', {pathPrefix: '/api/'}, [
    [{path: '/api'}, 'yes'],
    [{path: '/api/orders'}, 'yes'],
    [{path: '/apiary'}, 'no'],
  ]),
  matching('prefix /', {pathPrefix: '/'}, [
    [{path: '/'}, 'yes'],
    [{path: '/x'}, 'yes'],
  ]),
  matching('path', {path: '/api'}, [
    [{path: '/api'}, 'yes'],
    [{path: '/api?q=1'}, 'yes'],
    [{path: '/api/'}, 'no'],
    [{path: '/api/orders'}, 'no'],
  ]),
  matching('regular expression over the whole path', {pathRegex: '/orders/[0-9]+|/o.*'}, [
    [{path: '/orders/12'}, 'yes'],
    [{path: '/orders/12?x=/items'}, 'yes'],
    [{path: '/o/'}, 'yes'],
    [{path: '/x/orders/12'}, 'no'],
    [{path: '/Orders/12'}, 'no'],
  ]),
  matching('method', {method: 'POST'}, [
    [{method: 'POST'}, 'yes'],
    [{method: 'GET'}, 'no'],
  ]),
  matching('header', {headers: {'x-user': {exact: 'qa'}}}, [
    [{headers: {'x-user': 'qa'}}, 'yes'],
    [{headers: {'X-User': 'qa'}}, 'yes'],
    [{headers: {'x-user': 'qa2'}}, 'no'],
    [{headers: {'x-user': 'QA'}}, 'no'],
    [{}, 'no'],
  ]),
  matching('prefix of a header', {headers: {'x-user': {prefix: 'qa-'}}}, [
    [{headers: {'x-user': 'qa-1'}}, 'yes'],
    [{headers: {'x-user': 'a-qa-'}}, 'no'],
  ]),
  matching('regular expression over a header', {headers: {'x-user': {regex: 'q[ab]'}}}, [
    [{headers: {'x-user': 'qb'}}, 'yes'],
    [{headers: {'x-user': 'qab'}}, 'no'],
  ]),
  matching('presence of a header', {headers: {'x-user': {present: true}}}, [
    [{headers: {'x-user': 'any'}}, 'yes'],
    [{headers: {'x-user': ''}}, 'yes'],
    [{}, 'no'],
  ]),
  matching('all of its conditions', {pathPrefix: '/api', method: 'GET', headers: {'x-a': {exact: '1'}}}, [
    [{path: '/api', headers: {'x-a': '1'}}, 'yes'],
    [{path: '/api', headers: {'x-a': '1'}, method: 'POST'}, 'no'],
    [{path: '/x', headers: {'x-a': '1'}}, 'no'],
    [{path: '/api'}, 'no'],
  ]),
  {
    name: 'the first route that matches wins, and brings its own timeout and retries',
    policies: {
      a: {
        versions: [{name: 'v1'}, {name: 'v2'}],
        split: [{version: 'v1', weight: 100}],
        timeout: '5s',
        retries: {attempts: 1, on: ['5xx']},
        routes: [
          {match: {pathPrefix: '/api/slow'}, retries: {attempts: 3, on: ['5xx']}},
          {match: {pathPrefix: '/api'}, split: [{version: 'v2', weight: 100}], retries: {attempts: 0}},
          {match: {path: '/api/slow'}, split: [{version: 'v2', weight: 100}]},
        ],
      },
    },
    endpoints: [
      {version: 'v1', answer: () => 503},
      {version: 'v2', answer: () => 503},
    ],
    play: async (stage) => {
      const seen = await inTurn(stage, [{path: '/api/slow'}, {path: '/api/x'}, {path: '/x'}])
      return seen.map(({version, attempts}) => [version, attempts])
    },
    expected: [
      ['v1', 4],
      ['v2', 1],
      ['v1', 2],
    ],
  },
]
