import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseAllDocuments} from 'yaml'
import {describe, expect, test} from 'vitest'
import {z} from 'zod'
import {registrations} from '../certs/registration.ts'
import {endpointSlices} from '../certs/replicas.ts'
import {secrets} from '../certs/secret.ts'
import {groupOf} from '../kube/api.ts'
import {leases} from '../kube/leader.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {ruleMeshes} from '../mesh/translators.ts'
import {installedNeeds} from './installed.ts'
import {factKinds, Kinds, ruleKinds} from './kinds.ts'

const ROLE = z.object({
  kind: z.enum(['ClusterRole', 'Role']),
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
      resourceNames: z.array(z.string()).optional(),
    }),
  ),
})

const manifest = readFileSync(join(import.meta.dirname, '../../manifests/rbac/controller.yaml'), 'utf8')

/** `patch networking.istio.io/virtualservices`, of every right that the manifest grants. */
function granted(kind: 'ClusterRole' | 'Role'): string[] {
  const roles = parseAllDocuments(manifest).flatMap((document) => ROLE.safeParse(document.toJS()).data ?? [])
  const rules = roles.filter((role) => role.kind === kind).flatMap(({rules}) => rules)
  return rules
    .flatMap(({apiGroups, resources, verbs, resourceNames}) =>
      apiGroups
        .flatMap((group) => resources.flatMap((name) => verbs.map((verb) => `${verb} ${group}/${name}`)))
        .flatMap((right) => resourceNames?.map((name) => `${right}/${name}`) ?? right),
    )
    .sort()
}

function rights(kinds: readonly ResourceKind[], verbs: readonly string[], subresource = ''): string[] {
  return kinds.flatMap(({apiVersion, plural}) =>
    verbs.map((verb) => `${verb} ${groupOf(apiVersion)}/${plural}${subresource}`),
  )
}

describe('the rights of the controller', () => {
  test('are those that its kinds need, each granted once', () => {
    const written = new Kinds(Object.values(ruleMeshes)).all
    const needed = new Set([
      ...rights(ruleKinds, ['list', 'watch']),
      ...rights(ruleKinds, ['patch'], '/status'),
      ...rights(factKinds, ['list', 'watch']),
      // What server-side apply makes needs both create and patch.
      ...rights(written, ['get', 'list', 'watch', 'create', 'patch', 'delete']),
      'create events.k8s.io/events',
      'patch events.k8s.io/events',
      ...installedNeeds.flatMap(({kind, name = ''}) =>
        rights([kind], ['list', 'watch']).map((right) => `${right}/${name}`),
      ),
      ...rights([registrations], ['list', 'watch', 'patch']).map((right) => `${right}/meshwright-webhook`),
    ])
    expect(granted('ClusterRole')).toEqual([...needed].sort())
  })

  test('in its own namespace are those of an election and of certificates', () => {
    const own = ['meshwright-ca', 'meshwright-webhook-tls']
    const needed = [
      ...rights([leases, secrets], ['create']),
      ...rights([leases], ['get', 'patch']).map((right) => `${right}/meshwright-controller`),
      ...rights([secrets], ['list', 'watch', 'patch']).flatMap((right) => own.map((name) => `${right}/${name}`)),
      ...rights([endpointSlices], ['list']),
    ]
    expect(granted('Role')).toEqual(needed.sort())
  })
})
