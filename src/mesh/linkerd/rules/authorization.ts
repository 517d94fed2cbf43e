import type {Desired} from '../../translation.ts'
import {callersKey, isNobody, type Callers} from './callers.ts'
import {authorizationKind, groupOf, meshTlsKind, networkKind, objectOf, type accessRouteKind} from './kinds.ts'

type Target = typeof accessRouteKind

/**
 * Who may call as objects of one service: each set of callers once, and policies that refer to it. Without any identity
 * that it must have, a policy lets everybody in; `meshedOnly` asks everybody for one.
 */
export class Authorizations {
  readonly #namespace: string
  readonly #service: string
  readonly #meshedOnly: boolean
  readonly #probeNetworks: readonly string[]
  readonly #authentications = new Map<string, Desired>()
  readonly #policies: Desired[] = []
  #probes: Desired | undefined

  constructor(
    {namespace, name}: {readonly namespace: string; readonly name: string},
    meshedOnly: boolean,
    probeNetworks: readonly string[],
  ) {
    this.#namespace = namespace
    this.#service = name
    this.#meshedOnly = meshedOnly
    this.#probeNetworks = probeNetworks
  }

  /** Lets callers in at a Server, or at one of its routes, of this name. Nobody needs no policy. */
  allow(callers: Callers, kind: Target, target: string): void {
    if (isNobody(callers)) return
    const refs = callers.kind === 'everybody' && !this.#meshedOnly ? [] : [this.#identities(callers)]
    this.#policy(target, kind, target, refs)
  }

  /** Lets the kubelet in at a route; its probes carry no identity. */
  allowProbes(kind: Target, target: string): void {
    const name = `${this.#service}.probes`
    const networks = this.#probeNetworks.map((cidr) => ({cidr}))
    this.#probes = {object: objectOf(networkKind, this.#namespace, name, {networks}), mode: 'own'}
    this.#policy(`${target}.probes`, kind, target, [{group: groupOf(networkKind), kind: networkKind.kind, name}])
  }

  /** In the order of application. */
  get desired(): readonly Desired[] {
    return [...this.#authentications.values(), ...(this.#probes === undefined ? [] : [this.#probes]), ...this.#policies]
  }

  #policy(
    name: string,
    {kind, ...resource}: Target,
    target: string,
    requiredAuthenticationRefs: readonly object[],
  ): void {
    const targetRef = {group: groupOf({kind, ...resource}), kind, name: target}
    const spec = {targetRef, requiredAuthenticationRefs}
    this.#policies.push({object: objectOf(authorizationKind, this.#namespace, name, spec), mode: 'own'})
  }

  /** References instead of identities: the policy controller knows its own trust domain. */
  #identities(callers: Callers): object {
    const key = callersKey(callers)
    let desired = this.#authentications.get(key)
    if (desired === undefined) {
      const count = this.#authentications.size
      const name = `${this.#service}.callers${count === 0 ? '' : `.${count + 1}`}`
      const spec = callers.kind === 'everybody' ? {identities: ['*']} : {identityRefs: identityRefs(callers)}
      desired = {object: objectOf(meshTlsKind, this.#namespace, name, spec), mode: 'own'}
      this.#authentications.set(key, desired)
    }
    return {group: groupOf(meshTlsKind), kind: meshTlsKind.kind, name: desired.object.metadata?.name}
  }
}

function identityRefs({namespaces, accounts}: Callers & {readonly kind: 'some'}): readonly object[] {
  return [
    ...namespaces.map((name) => ({kind: 'Namespace', name})),
    ...accounts.map(({namespace, name}) => ({kind: 'ServiceAccount', name, namespace})),
  ]
}
