import type {ServiceName} from './intent.ts'

/**
 * What an intent can depend on beside the rules on its own service. Whoever changes one of these names it, and every
 * unit that has read it may differ.
 */
export type Fact = string

/** The Service, the pods behind it, its neighbours. */
export function serviceFact({namespace, name}: ServiceName): Fact {
  return `service/${namespace}/${name}`
}

/** The rules on a service, from objects. */
export function rulesFact({namespace, name}: ServiceName): Fact {
  return `rules/${namespace}/${name}`
}

/** Which services run under a ServiceAccount. */
export function accountFact(namespace: string, account: string): Fact {
  return `account/${namespace}/${account}`
}

/** Which namespaces in the mesh have a Service of the name. */
export function namesakesFact(name: string): Fact {
  return `namesakes/${name}`
}

/** Which destinations a service may call by rules that name it. */
export function callsFact({namespace, name}: ServiceName): Fact {
  return `calls/${namespace}/${name}`
}

export function grantsFact(namespace: string): Fact {
  return `grants/${namespace}`
}

/** Which configuration governs a namespace, and what it says. */
export function governanceFact(namespace: string): Fact {
  return `governance/${namespace}`
}

/** What the configuration says that governs where no label says otherwise. */
export const defaultFact: Fact = 'default'
