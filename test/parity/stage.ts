import type {KubeObject} from '../../src/mesh/pod.ts'
import type {Values} from '../../src/mesh/values.ts'
import {rule, traffic} from '../../src/intent/testing.ts'
import type {Script, Upstream} from './upstream.ts'

/** One row of the behaviour table. */
export interface Case {
  readonly name: string
  /** Specs of TrafficPolicies by service; services are of namespace `shop`. */
  readonly policies?: Readonly<Record<string, Values>>
  /** Specs of AccessPolicies about service `a`. */
  readonly access?: readonly Values[]
  readonly endpoints: readonly Script[]
  /** Sends requests and says what was observed. */
  readonly play: (stage: Stage) => Promise<unknown>
  /** The same in local mode and in Envoy; it may hold asymmetric matchers. */
  readonly expected: unknown
}

/** What is sent to service `a`. */
export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** `service.namespace`. */
  readonly caller?: string
  /** Milliseconds after which the caller hangs up. */
  readonly giveUpAfter?: number
}

/** What the caller saw. */
export interface Seen {
  /** 0 where the answer broke off, or the caller hung up; what a sidecar would answer where there was none. */
  readonly status: number
  /** Of the endpoint that answered; '' where none did. */
  readonly version: string
  readonly attempts: number
  /** Milliseconds. */
  readonly took: number
}

/** A case, set up in one of the two. */
export interface Stage {
  readonly endpoints: readonly Upstream[]
  send(sent?: Sent): Promise<Seen>
}

export const namespace = 'shop'

/** The rules of a case as the objects that somebody would write. */
export function objectsOf({policies = {}, access = []}: Case): readonly KubeObject[] {
  return [
    ...Object.entries(policies).map(([service, spec]) => traffic(service, spec)),
    ...access.map((spec, index) => rule('AccessPolicy', `access-${index}`, {destination: 'a', ...spec})),
  ]
}
