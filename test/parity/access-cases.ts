import type {Values} from '../../src/mesh/values.ts'
import {inTurn} from './observing.ts'
import type {Case, Sent} from './stage.ts'

const web = 'web.shop'
const bank = 'web.bank'

function deciding(name: string, access: readonly Values[], wanted: readonly (readonly [Sent, number])[]): Case {
  return {
    name: `access: ${name}`,
    access,
    endpoints: [{answer: () => 200}],
    play: async (stage) => {
      const requests = wanted.map(([sent]) => sent)
      const seen = await inTurn(stage, requests)
      return requests.map((sent, index) => [sent, seen[index]?.status])
    },
    expected: wanted,
  }
}

export const accessCases: readonly Case[] = [
  deciding(
    'where one service is allowed, all others are denied',
    [{action: 'ALLOW', from: [{service: 'web'}]}],
    [
      [{caller: web}, 200],
      [{caller: 'web2.shop'}, 403],
      [{caller: bank}, 403],
      [{}, 403],
    ],
  ),
  deciding(
    'a namespace',
    [{action: 'ALLOW', from: [{namespace: 'bank'}]}],
    [
      [{caller: bank}, 200],
      [{caller: 'other.bank'}, 200],
      [{caller: web}, 403],
      [{caller: 'x.riverbank'}, 403],
    ],
  ),
  deciding(
    'a service of another namespace',
    [{action: 'ALLOW', from: [{service: 'web', namespace: 'bank'}]}],
    [
      [{caller: bank}, 200],
      [{caller: web}, 403],
    ],
  ),
  deciding(
    'one of several allowing rules is enough',
    [
      {action: 'ALLOW', from: [{service: 'web'}], methods: ['GET']},
      {action: 'ALLOW', from: [{service: 'job'}], paths: ['/x']},
    ],
    [
      [{caller: web}, 200],
      [{caller: web, method: 'POST'}, 403],
      [{caller: 'job.shop', path: '/x', method: 'POST'}, 200],
      [{caller: 'job.shop', path: '/y'}, 403],
      [{caller: web, path: '/x', method: 'POST'}, 403],
    ],
  ),
  deciding(
    'a denied service, where nothing is allowed explicitly',
    [{action: 'DENY', from: [{service: 'web'}]}],
    [
      [{caller: web}, 403],
      [{caller: bank}, 200],
      [{}, 200],
    ],
  ),
  deciding(
    'what is denied is denied, whatever allows it',
    [
      {action: 'ALLOW', from: [{service: 'web'}]},
      {action: 'DENY', methods: ['DELETE']},
    ],
    [
      [{caller: web}, 200],
      [{caller: web, method: 'DELETE'}, 403],
      [{caller: bank}, 403],
    ],
  ),
  deciding(
    'methods',
    [{action: 'ALLOW', methods: ['GET', 'HEAD']}],
    [
      [{}, 200],
      [{method: 'HEAD'}, 200],
      [{method: 'POST'}, 403],
    ],
  ),
  deciding(
    'paths, whole and by prefix, without the query',
    [{action: 'ALLOW', paths: ['/orders*', '/healthz']}],
    [
      [{path: '/orders'}, 200],
      [{path: '/orders/1'}, 200],
      [{path: '/ordersx?a=/'}, 200],
      [{path: '/healthz?x=1'}, 200],
      [{path: '/healthz/x'}, 403],
      [{path: '/x?y=/orders'}, 403],
      [{path: '/Orders'}, 403],
    ],
  ),
  deciding('a rule for everybody on every path', [{action: 'ALLOW'}], [[{}, 200]]),
  deciding('a denial of everything', [{action: 'DENY'}], [[{caller: web}, 403]]),
]
