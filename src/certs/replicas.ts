import {isIP} from 'node:net'
import {connect} from 'node:tls'
import {z} from 'zod'
import type {KubeApi} from '../kube/api.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {textOf, type Trusted} from './bundle.ts'
import type {ReplicaState} from './rotation.ts'

export const endpointSlices: ResourceKind = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
}

const SLICE = z.looseObject({
  endpoints: z
    .array(
      z.looseObject({
        addresses: z.array(z.string()),
        conditions: z.looseObject({ready: z.boolean().nullish(), serving: z.boolean().nullish()}).nullish(),
      }),
    )
    .nullish(),
  ports: z.array(z.looseObject({port: z.number().nullish()})).nullish(),
})

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where the API server may call a Service: replicas that are ready, and those that are ending and still serve. */
export function addressesIn(slices: readonly KubeObject[]): readonly Address[] {
  return slices.flatMap((object) => {
    const {endpoints, ports} = SLICE.safeParse(object).data ?? {}
    const open = (endpoints ?? []).filter(({conditions}) => conditions?.ready !== false || conditions.serving === true)
    return open.flatMap(({addresses}) =>
      addresses.flatMap((host) => (ports ?? []).flatMap(({port}) => (port == null ? [] : {host, port}))),
    )
  })
}

/** Milliseconds that a replica has for a handshake. */
const patience = 3_000

/**
 * Asks every replica behind a Service for its certificate, as the API server would that trusts these authorities and no
 * others. The handshake is all: nothing is sent.
 */
export async function askReplicas(
  api: KubeApi,
  service: {readonly namespace: string; readonly name: string},
  trusted: readonly Trusted[],
  servername: string,
): Promise<Omit<ReplicaState, 'allFor'>> {
  const slices: KubeObject[] = []
  const labelSelector = `kubernetes.io/service-name=${service.name}`
  for await (const {items} of api.list(endpointSlices, {namespace: service.namespace, labelSelector})) {
    slices.push(...items)
  }
  const ca = textOf(trusted)
  const answers = await Promise.all(addressesIn(slices).map((address) => handshake(address, ca, servername)))
  const count = (answer: Answer) => answers.filter((each) => each === answer).length
  return {verified: count('verified'), refused: count('refused'), unreachable: count('unreachable')}
}

type Answer = 'verified' | 'refused' | 'unreachable'

function handshake({host, port}: Address, ca: string, servername: string): Promise<Answer> {
  const {promise, resolve} = Promise.withResolvers<Answer>()
  // Its names are another matter: here only who signed it counts.
  const whoever = {rejectUnauthorized: false, checkServerIdentity: () => undefined}
  const socket = connect({host, port, ca, ...(isIP(servername) === 0 && {servername}), ...whoever})
  socket.once('secureConnect', () => resolve(socket.authorized ? 'verified' : 'refused'))
  socket.setTimeout(patience, () => resolve('unreachable'))
  for (const event of ['error', 'close'] as const) socket.on(event, () => resolve('unreachable'))
  return promise.finally(() => socket.destroy())
}
