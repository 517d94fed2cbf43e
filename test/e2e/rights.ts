import {parseAllDocuments} from 'yaml'
import {z} from 'zod'
import type {Call} from './proxy.ts'

const RULES = z.looseObject({
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
      resourceNames: z.array(z.string()).default(['']),
    }),
  ),
})

/** `patch networking.istio.io/virtualservices`, with a name where it is only granted by name: of all Roles of a manifest. */
export function grantedRights(manifest: string): readonly string[] {
  return parseAllDocuments(manifest)
    .flatMap((document) => RULES.safeParse(document.toJS()).data?.rules ?? [])
    .flatMap(({apiGroups, resources, verbs, resourceNames}) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`.trimEnd())),
        ),
      ),
    )
}

/** The rights that the API server asked for, with and without the object's name: what server-side apply makes needs two. */
export function rightsOf({method, url, status}: Call): readonly string[] {
  const {pathname, searchParams} = new URL(url, 'https://cluster')
  const found =
    /^\/(?:api\/v1|apis\/(?<group>[^/]+)\/[^/]+)(?:\/namespaces\/[^/]+(?=\/))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<part>[^/]+))?$/.exec(
      pathname,
    )?.groups
  if (found === undefined) return []
  const {group = '', plural = '', name, part} = found
  const resource = `${group}/${plural}${part === undefined ? '' : `/${part}`}`
  const only = name ?? /metadata\.name=([^,]+)/.exec(searchParams.get('fieldSelector') ?? '')?.[1]
  const verbs = {
    GET: name !== undefined ? ['get'] : searchParams.has('watch') ? ['watch'] : ['list'],
    POST: ['create'],
    PATCH: status === 201 ? ['create', 'patch'] : ['patch'],
    DELETE: ['delete'],
  }[method]
  const used = (verbs ?? []).map((verb) => `${verb} ${resource}`)
  return only === undefined ? used : used.flatMap((right) => [right, `${right} ${only}`])
}

/** What is granted and nobody used; what was refused was not used, what does not exist was asked for all the same. */
export function unusedRights(manifest: string, calls: readonly Call[]): readonly string[] {
  const used = new Set(calls.filter(({status}) => status !== 403).flatMap(rightsOf))
  return grantedRights(manifest).filter((right) => !used.has(right))
}

/** What was asked for and refused each time: an API server that has just started refuses all for a moment. */
export function lackingRights(calls: readonly Call[]): readonly string[] {
  const [refused, used] = [true, false].map(
    (isRefused) => new Set(calls.filter(({status}) => (status === 403) === isRefused).flatMap(rightsOf)),
  )
  return [...(refused ?? [])].filter((right) => used?.has(right) !== true)
}
