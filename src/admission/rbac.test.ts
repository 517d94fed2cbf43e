import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseAllDocuments} from 'yaml'
import {expect, test} from 'vitest'
import {z} from 'zod'
import {configurationSchema} from '../config/schema.ts'
import {groupOf} from '../kube/api.ts'
import {meshes} from '../mesh/registry.ts'
import type {Need} from '../mesh/resource.ts'
import {meshConfigs, namespaces} from './cluster-state.ts'

const ROLE = z.object({
  kind: z.literal('ClusterRole'),
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
      resourceNames: z.array(z.string()).default(['']),
    }),
  ),
})

/** `watch apps/replicasets`, with the name where only one of them may be read. */
function granted(): readonly string[] {
  const manifest = readFileSync(join(import.meta.dirname, '../../manifests/rbac/webhook.yaml'), 'utf8')
  const roles = parseAllDocuments(manifest).flatMap((document) => ROLE.safeParse(document.toJS()).data ?? [])
  return roles
    .flatMap(({rules}) => rules)
    .flatMap(({apiGroups, resources, verbs, resourceNames}) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => right(verb, group, resource, name))),
        ),
      ),
    )
    .sort()
}

function right(verb: string, group: string, resource: string, name: string): string {
  return `${verb} ${group}/${resource}${name === '' ? '' : `/${name}`}`
}

test('the rights of the webhook are those of what it watches, each granted once', () => {
  const consul = (global: object) => ({type: 'consul', consul: {values: {global: {tls: {enabled: true}, ...global}}}})
  const configurations = [{type: 'istio'}, {type: 'linkerd'}, consul({}), consul({name: 'consul'})].map((mesh) =>
    configurationSchema.parse({mesh}),
  )
  const needs: readonly Need[] = [
    {kind: namespaces},
    {kind: meshConfigs},
    ...configurations.flatMap((configuration) => meshes[configuration.mesh.type ?? 'istio'].needs(configuration)),
  ]
  const needed = needs.flatMap(({kind: {apiVersion, plural}, name = ''}) =>
    ['list', 'watch'].map((verb) => right(verb, groupOf(apiVersion), plural, name)),
  )
  expect(granted()).toEqual([...new Set(needed)].sort())
})
