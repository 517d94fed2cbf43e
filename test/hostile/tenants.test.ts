import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import {Reviewer} from '../../src/admission/review.ts'
import {Failure} from '../../src/cli/failure.ts'
import {ruleInput} from '../../src/cli/rule-input.ts'
import {translate} from '../../src/cli/rule-translation.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {corpusOf} from '../fuzz/corpus.ts'
import {edited, editsOf, placesOf} from '../fuzz/mutation.ts'
import {fuzzBodies} from '../fuzz/review-bodies.ts'
import {stateOf} from './states.ts'

// Tenant A may write what they like in their own namespace. What the mesh is told of tenant B's is the same with it and without.

const ofB =
  corpusOf('rules')
    .find(({name}) => name === 'all.yaml')
    ?.bytes.toString() ?? ''
const group = 'meshwright.dev/v1alpha1'

/** A's own, in every kind that a tenant may write, good enough to be translated. */
const ofA = (): object[] => [
  {
    apiVersion: group,
    kind: 'TrafficPolicy',
    metadata: {name: 'web'},
    spec: {
      service: 'web',
      versions: [{name: 'v1', labels: {version: 'v1'}}, {name: 'v2'}],
      split: [
        {version: 'v1', weight: 50},
        {version: 'v2', weight: 50},
      ],
      routes: [{match: {pathPrefix: '/a', headers: {x: {exact: 'y'}}}, split: [{version: 'v2', weight: 100}]}],
      timeout: '5s',
      retries: {attempts: 3, perTryTimeout: '1s', on: ['5xx']},
      circuitBreaker: {threshold: 5, timeout: '30s', recovery: '60s'},
    },
  },
  {
    apiVersion: group,
    kind: 'AccessPolicy',
    metadata: {name: 'web'},
    spec: {
      destination: 'web',
      action: 'ALLOW',
      from: [{service: 'web', namespace: 'attacker'}],
      methods: ['GET'],
      paths: ['/a'],
    },
  },
  {
    apiVersion: group,
    kind: 'MeshService',
    metadata: {name: 'web'},
    spec: {
      port: 8080,
      protocol: 'http',
      versions: [{name: 'v1'}],
      tags: ['a'],
      metadata: {team: 'a'},
      healthCheck: {path: '/', interval: '10s'},
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: 'web', annotations: {}},
    spec: {selector: {app: 'web'}, ports: [{name: 'http', port: 80, targetPort: 8080}]},
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name: 'web'},
    spec: {
      selector: {matchLabels: {app: 'web'}},
      template: {
        metadata: {labels: {app: 'web', version: 'v1'}, annotations: {}},
        spec: {serviceAccountName: 'web', containers: [{name: 'app', image: 'a:1'}]},
      },
    },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: {name: 'mine'},
    spec: {
      from: [{group: 'meshwright.dev', kind: 'TrafficPolicy', namespace: 'attacker'}],
      to: [{group: '', kind: 'Service'}],
    },
  },
]

/** Every way to say B's service, B's namespace, B's ServiceAccount, or everybody. */
const ways: readonly unknown[] = [
  'order-service',
  'order-service.shop',
  'order-service.shop.svc',
  'order-service.shop.svc.cluster.local',
  'shop/order-service',
  'shop',
  '*',
  '',
  '../shop/order-service',
  'orders',
  'cluster.local/ns/shop/sa/orders',
  'shop.order-service',
  'default',
  'istio-system',
  {name: 'order-service', namespace: 'shop'},
  {service: 'order-service', namespace: 'shop'},
  {namespace: 'shop'},
  {app: 'order-service'},
  [{service: 'order-service', namespace: 'shop'}],
  ['*'],
  null,
]
const reaching = fc.constantFrom(...ways)
const places = placesOf(ofA()).length
/** How many of the ways each place is tried with; the next place goes on where this one stops. */
const triesAPlace = 4

/** Where the API server stores what A writes, whatever it says; names of one kind are told apart there too. */
const inOwnNamespace = (documents: readonly unknown[]) =>
  documents
    .filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null && !Array.isArray(one))
    .filter(({kind}) => kind !== 'MeshConfig' && kind !== 'Namespace')
    .map((one) => ({...one, metadata: {...Object(one['metadata']), namespace: 'attacker'}}))

function rendered(text: string, mesh: MeshName) {
  return translate(ruleInput([{name: 'rules.yaml', text}], [], 'default'), {mesh})
}

const asText = (documents: readonly object[]) => documents.map((one) => stringify(one)).join('\n---\n')
const namespaceOf = ({object}: {readonly object: {readonly metadata?: {readonly namespace?: string}}}) =>
  object.metadata?.namespace

describe.each(meshNames)('on %s, rules of tenant A', (mesh) => {
  const alone = rendered(ofB, mesh).objects.filter((one) => namespaceOf(one) === 'shop')

  test('are looked at beside some of tenant B', () => {
    expect(alone.length).toBeGreaterThan(1)
  })

  /** False where nothing was translated. */
  function changesNothing(edits: Parameters<typeof edited>[1]): boolean {
    const written = inOwnNamespace(edited(ofA(), edits))
    const rendering = unlessRefused(() => rendered(`${ofB}\n---\n${asText(written)}`, mesh))
    // Consul without namespaces has one name for both: its catalog mixes them whatever we write, so neither is written for.
    if (rendering === undefined || rendering.findings.some(({code}) => code === 'MW6301')) return false
    const both = rendering.objects
    expect(both.filter((one) => namespaceOf(one) === 'shop')).toEqual(alone)
    expect(both.map(namespaceOf).filter((name) => name !== 'shop' && name !== 'attacker')).toEqual([])
    return true
  }

  test('change nothing of tenant B, whatever each of their fields says', {timeout: 240_000}, () => {
    let translated = 0
    for (let run = 0; run < places * triesAPlace; run++) {
      const place = Math.floor(run / triesAPlace)
      if (changesNothing([[place, ways[run % ways.length]]])) translated++
    }
    expect(translated).toBeGreaterThan(places)
  })

  test('change nothing of tenant B, whatever several of their fields say at once', {timeout: 240_000}, () => {
    let translated = 0
    fc.assert(
      fc.property(editsOf(reaching, 3), (edits) => {
        if (changesNothing(edits)) translated++
      }),
      {numRuns: 120, seed: 20_261_130},
    )
    expect(translated).toBeGreaterThan(60)
  })
})

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

test.each(meshNames)('on %s, 2,000 hostile reviews of others leave the answer to a pod as it was', (mesh) => {
  const state = stateOf(mesh, {})
  const reviewer = new Reviewer()
  const plain =
    corpusOf('reviews')
      .find(({name}) => name === 'plain.json')
      ?.bytes.toString() ?? ''
  const answer = () => JSON.stringify(reviewer.review(JSON.parse(plain), state))
  const before = answer()
  let count = 0
  for (const {body} of fuzzBodies(7)) {
    if (count++ === 2000) break
    const review = parsed(body.toString())
    if (review !== undefined) reviewer.review(review, state)
  }
  expect(answer()).toBe(before)
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
