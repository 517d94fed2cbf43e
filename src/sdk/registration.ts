import {meshServiceName} from '../rules/mesh-service.ts'
import {MeshRuleError} from './errors.ts'
import {registrationFragment, type Fragment} from './fragment.ts'
import type {ServiceRegistration} from './mesh.ts'

/**
 * What a registration says, in the words of a MeshService. Each version of a service speaks for itself: the pods of v1 and
 * those of v2 add their versions to one list.
 *
 * @throws MeshRuleError
 */
export function fragmentOfRegistration(registration: ServiceRegistration, namespace: string): Fragment {
  const {name, version, port, protocol, tags, metadata, healthCheck} = registration
  if (typeof name !== 'string' || !meshServiceName.holds(name)) {
    throw new MeshRuleError(
      `registerService: name must be the name of a Service, at most 63 lower-case letters, digits and dashes, found ${JSON.stringify(name)}`,
    )
  }
  return registrationFragment(
    {name, version: version ?? ''},
    {namespace, name},
    {
      port,
      ...(protocol !== undefined && {protocol}),
      ...(version !== undefined && {versions: [{name: version}]}),
      // No tag is what an absent list says.
      ...(tags !== undefined && tags.length > 0 && {tags: [...new Set(tags)]}),
      ...(metadata !== undefined && {metadata}),
      ...(healthCheck !== undefined && {healthCheck: {...healthCheck}}),
    },
  )
}
