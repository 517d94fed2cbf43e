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
        targetRef: z.looseObject({name: z.string().optional()}).nullish(),
        conditions: z.looseObject({ready: z.boolean().nullish(), serving: z.boolean().nullish()}).nullish(),
      }),
    )
    .nullish(),
  ports: z.array(z.looseObject({port: z.number().nullish()})).nullish(),
})

export interface Address {
  readonly host: string
  readonly port: number
  /** Of the pod, where the EndpointSlice says it. */
  readonly pod?: string
}

/** Where the API server may call a Service: replicas that are ready, and those that are ending and still serve. */
export function addressesIn(slices: readonly KubeObject[]): readonly Address[] {
  return slices.flatMap((object) => {
    const {endpoints, ports} = SLICE.safeParse(object).data ?? {}
    const open = (endpoints ?? []).filter(({conditions}) => conditions?.ready !== false || conditions.serving === true)
    return open.flatMap(({addresses, targetRef}) => {
      const named = targetRef?.name === undefined ? {} : {pod: targetRef.name}
      return addresses.flatMap((host) =>
        (ports ?? []).flatMap(({port}) => (port == null ? [] : {host, port, ...named})),
      )
    })
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
  const addresses = addressesIn(slices)
  const answers = await Promise.all(addresses.map((address) => handshake(address, ca, servername)))
  const those = (answer: Answer) => addresses.filter((_, index) => answers[index] === answer)
  const refusing = those('refused').map(({host, port, pod = `${host}:${port}`}) => pod)
  const [{length: verified}, {length: unreachable}] = [those('verified'), those('unreachable')]
  return {verified, refused: refusing.length, unreachable, refusing}
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
