import type {ServiceName} from './intent.ts'
import {namesIn, pathOf} from './unit.ts'

/**
 * What an intent can depend on beside the rules on its own service. Whoever changes one of these names it, and every
 * unit that has read it may differ.
 */
export type Fact = string

/** The Service, the pods behind it, its neighbours. */
export function serviceFact({namespace, name}: ServiceName): Fact {
  return `service/${pathOf(namespace, name)}`
}

/** The rules on a service, from objects. */
export function rulesFact({namespace, name}: ServiceName): Fact {
  return `rules/${pathOf(namespace, name)}`
}

/** Which services run under a ServiceAccount. */
export function accountFact(namespace: string, account: string): Fact {
  return `account/${pathOf(namespace, account)}`
}

/** Which namespaces in the mesh have a Service of the name. */
export function namesakesFact(name: string): Fact {
  return `namesakes/${pathOf(name)}`
}

/** Which rules on other services name it: to let it call, or to send it requests. */
export function mentionsFact({namespace, name}: ServiceName): Fact {
  return `mentions/${pathOf(namespace, name)}`
}

export function grantsFact(namespace: string): Fact {
  return `grants/${pathOf(namespace)}`
}

/** Which configuration governs a namespace, and what it says. */
export function governanceFact(namespace: string): Fact {
  return `governance/${pathOf(namespace)}`
}

/** What the configuration says that governs where no label says otherwise. */
export const defaultFact: Fact = 'default'

/** The service that a fact is about, where it is about one service alone. */
export function serviceOf(
  fact: Fact,
): {readonly about: 'service' | 'rules' | 'mentions'; readonly service: ServiceName} | undefined {
  const [about, namespace = '', name = ''] = namesIn(fact)
  return about === 'service' || about === 'rules' || about === 'mentions'
    ? {about, service: {namespace, name}}
    : undefined
}
