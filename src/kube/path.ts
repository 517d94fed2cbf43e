import type {ResourceKind} from '../mesh/resource.ts'
import {groupOf, type ObjectName, type Selection} from './api.ts'
import {InvalidError, type Target} from './errors.ts'

/** `/apis/networking.istio.io/v1`, `/api/v1`: what serves the kinds of this version. */
export function versionPath(apiVersion: string): string {
  return groupOf(apiVersion) === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`
}

/** All objects of a kind, in one namespace or in every one. */
export function collectionPath(kind: ResourceKind, namespace: string | undefined): string {
  const base = versionPath(kind.apiVersion)
  if (!kind.namespaced || namespace === undefined) return `${base}/${kind.plural}`
  return `${base}/namespaces/${encodeURIComponent(namespace)}/${kind.plural}`
}

/** @throws InvalidError where the name cannot be one: it may come from a tenant, and must not reach another path */
export function objectPath(target: Target & ObjectName): string {
  const {kind, name, namespace, subresource} = target
  if (kind.namespaced && (namespace === undefined || namespace === '')) {
    throw invalidName(target, 'metadata.namespace', `${kind.kind} ${name} needs a namespace: it belongs to one`)
  }
  for (const [field, value] of [
    ['metadata.name', name],
    ['metadata.namespace', kind.namespaced ? namespace : undefined],
  ] as const) {
    if (value === undefined) continue
    // Of apimachinery, IsValidPathSegmentName.
    if (value === '' || value === '.' || value === '..' || /[/%]/.test(value)) {
      throw invalidName(target, field, `${JSON.stringify(value)} cannot be the ${field} of a ${kind.kind}`)
    }
  }
  const path = `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

function invalidName(target: Target, field: string, message: string): InvalidError {
  return new InvalidError(message, target, 0, [{field, message}])
}

/** `?a=1&b=2` of what is given. */
export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  if (given.length === 0) return ''
  return `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}`
}

export function selectors({name, labelSelector, fieldSelector}: Selection): Record<string, string | undefined> {
  const byName = name === undefined ? [] : [`metadata.name=${name}`]
  const fields = [...byName, ...(fieldSelector === undefined ? [] : [fieldSelector])]
  return {labelSelector, fieldSelector: fields.length === 0 ? undefined : fields.join(',')}
}
