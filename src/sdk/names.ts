import {serviceOfHost} from '../intent/host.ts'
import type {ServiceName} from '../intent/intent.ts'
import {MeshRuleError} from './errors.ts'

/**
 * The service that an application names: `order-service`, or `order-service.shop` in another namespace.
 *
 * @throws MeshRuleError
 */
export function serviceNamed(text: string, home: string): ServiceName {
  const service = typeof text === 'string' ? serviceOfHost(text, home) : undefined
  if (service !== undefined) return service
  throw new MeshRuleError(
    `${JSON.stringify(text)} is no service; write its name (order-service), or its name and namespace (order-service.shop)`,
  )
}

/** The header by which a caller says who it is where no mesh does. */
export const callerHeader = 'x-meshwright-caller'

export function callerOf({name, namespace}: ServiceName): string {
  return `${name}.${namespace}`
}

/** Undefined for what is no name. */
export function callerFrom(header: string | readonly string[] | undefined, home: string): ServiceName | undefined {
  return typeof header === 'string' ? serviceOfHost(header, home) : undefined
}
