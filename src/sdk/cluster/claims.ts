import type {KubeObject} from '../../mesh/pod.ts'
import {isValues, type Values} from '../../mesh/values.ts'
import type {Fragment} from '../fragment.ts'

/** What an object of the kind cannot be without. */
export const requiredField: Readonly<Record<Fragment['kind'], string>> = {MeshService: 'port', TrafficPolicy: 'service'}

/** Who has said what of an object, by field manager, as `metadata.managedFields` has it; a status is nobody's word. */
export function claimsOf({metadata}: KubeObject): ReadonlyMap<string, readonly Values[]> {
  const claims = new Map<string, readonly Values[]>()
  const entries: unknown = metadata?.['managedFields']
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isValues(entry) || entry['subresource'] === 'status') continue
    const {manager, fieldsV1} = entry
    if (typeof manager !== 'string' || !isValues(fieldsV1)) continue
    claims.set(manager, [...(claims.get(manager) ?? []), fieldsV1])
  }
  return claims
}

/** Managers that have said anything in the spec, or of one field of it. */
export function claimantsOf(object: KubeObject, field?: string): readonly string[] {
  return [...claimsOf(object)]
    .filter(([, claims]) =>
      claims.some(({'f:spec': spec}) => {
        if (!isValues(spec)) return false
        return field === undefined ? Object.keys(spec).length > 0 : Object.hasOwn(spec, `f:${field}`)
      }),
    )
    .map(([manager]) => manager)
}
