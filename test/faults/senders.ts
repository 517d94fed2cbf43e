import {Agent, request} from 'node:https'
import {text} from 'node:stream/consumers'
import {z} from 'zod'
import type {Cluster} from '../cluster/cluster.ts'
import {pod} from '../e2e/manifests.ts'
import {podReview} from '../review.ts'
import type {Fate} from './count.ts'

const CONTAINERS = z.array(z.looseObject({name: z.string()})).default([])
const POD = z.looseObject({
  kind: z.literal('Pod'),
  spec: z.looseObject({containers: CONTAINERS, initContainers: CONTAINERS}),
})
const REVIEW = z.looseObject({
  response: z.looseObject({uid: z.string(), allowed: z.boolean(), patch: z.string().optional()}),
})
const STATUS = z.looseObject({message: z.string()})
export const sidecar = 'istio-proxy'

/** Creates a pod through the API server: a dry run goes the whole way but for etcd. */
export function creates(cluster: Cluster, namespace: string, dryRun = true): (index: number) => Promise<Fate> {
  const path = `/api/v1/namespaces/${namespace}/pods${dryRun ? '?dryRun=All' : ''}`
  return async () => {
    const {status, body} = await cluster.api.request('POST', path, pod({generateName: 'load-'}))
    if (status >= 300) return {kind: 'refused', why: `${status} ${STATUS.safeParse(body).data?.message ?? ''}`}
    const {initContainers, containers} = POD.parse(body).spec
    const isInjected = [...initContainers, ...containers].some(({name}) => name === sidecar)
    return isInjected ? {kind: 'injected'} : {kind: 'bare', why: 'no sidecar'}
  }
}

export interface Posting {
  readonly port: number
  /** PEM of whom the client trusts, now. */
  readonly trusted: () => string
  /** Where the pods are; `load` where absent. */
  readonly namespace?: string
  /** A connection for each review, so that each meets the certificate of the moment. */
  readonly isFresh?: boolean
}

/** Posts a review to the webhook as the API server does: the answer must be a patch for that very uid. */
export function posts({port, trusted, namespace = 'load', isFresh = false}: Posting): (index: number) => Promise<Fate> {
  const agents = new Map<string, Agent>()
  const agentFor = (ca: string): Agent => {
    const agent = agents.get(ca) ?? new Agent({ca, keepAlive: !isFresh})
    // The API server, too, keeps connections apart by whom they trust.
    agents.clear()
    agents.set(ca, agent)
    return agent
  }
  return async (index) => {
    const uid = `review-${index}`
    const {promise, resolve, reject} = Promise.withResolvers<{status: number; body: string}>()
    const options = {
      host: '127.0.0.1',
      port,
      path: '/mutate?timeout=5s',
      method: 'POST',
      agent: agentFor(trusted()),
      timeout: 5000,
      headers: {'content-type': 'application/json'},
    }
    const call = request(options, (response) => {
      text(response).then((body) => resolve({status: response.statusCode ?? 0, body}), reject)
    })
    call.on('timeout', () => call.destroy(new Error('no answer in 5 s')))
    call.on('error', reject).end(podReview(uid, namespace, pod({name: uid, namespace})))
    const {status, body} = await promise
    if (status !== 200) return {kind: 'refused', why: `${status} ${body}`}
    const {response} = REVIEW.parse(JSON.parse(body))
    if (response.uid !== uid) return {kind: 'bare', why: 'the answer is to another review'}
    return response.patch === undefined ? {kind: 'bare', why: body} : {kind: 'injected'}
  }
}
