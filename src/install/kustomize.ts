import {definitions} from '../crd/definition.ts'
import {meshNames} from '../mesh/mesh.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues} from '../mesh/values.ts'
import {controllerRights} from './controller-rights.ts'
import {generated, manifest} from './manifest.ts'
import {usualNamespace} from './names.ts'
import {installedObjects, namespaceObject} from './objects.ts'
import {accountOf, rulesOf, type Rights} from './rights.ts'
import {valuesSchema, type InstallValues} from './values.ts'
import {webhookRights} from './webhook-rights.ts'

const files: readonly (readonly [file: string, kinds: readonly string[]])[] = [
  ['priority-class.yaml', ['PriorityClass']],
  ['configuration.yaml', ['ConfigMap']],
  ['network-policies.yaml', ['NetworkPolicy']],
  ['deployments.yaml', ['Deployment', 'PodDisruptionBudget']],
  ['service.yaml', ['Service']],
  ['registration.yaml', ['MutatingWebhookConfiguration']],
]

/** Every file under `manifests/` that follows from the sources, by its path there. */
export function manifestTexts(version: string): ReadonlyMap<string, string> {
  const base = objectsOf({}, version)
  const texts = new Map<string, string>([
    ['rbac/webhook.yaml', rbac('webhook', webhookRights)],
    ['rbac/controller.yaml', rbac('controller', controllerRights)],
    ['rbac/kustomization.yaml', kustomization({resources: ['controller.yaml', 'webhook.yaml']})],
    ['crd/kustomization.yaml', kustomization({resources: [...definitions().keys()]})],
    ['kustomize/base/namespace.yaml', manifest(generated, [{object: namespaceObject(usualNamespace)}])],
  ])
  for (const [file, kinds] of files) {
    const objects = base.filter(({kind = ''}) => kinds.includes(kind)).map((object) => ({object}))
    texts.set(`kustomize/base/${file}`, manifest(generated, objects))
  }
  texts.set(
    'kustomize/base/kustomization.yaml',
    kustomization({resources: ['../../crd', '../../rbac', 'namespace.yaml', ...files.map(([file]) => file)]}),
  )
  for (const mesh of meshNames) {
    texts.set(
      `kustomize/overlays/${mesh}/kustomization.yaml`,
      kustomization({resources: ['../../base'], patches: patches(base, objectsOf({mesh}, version))}),
    )
  }
  const components: readonly (readonly [string, object])[] = [
    ['ha', highlyAvailable],
    ['cert-manager', {certificates: {issuer: 'cert-manager'}}],
    ['monitoring', {monitoring: {podMonitor: true, rules: true, dashboards: true}}],
  ]
  for (const [name, values] of components) {
    const changed = objectsOf(values, version)
    const known = new Set(base.map(keyOf))
    const added = changed.filter((object) => !known.has(keyOf(object)))
    if (added.length > 0) {
      texts.set(
        `kustomize/components/${name}/objects.yaml`,
        manifest(
          generated,
          added.map((object) => ({object})),
        ),
      )
    }
    texts.set(
      `kustomize/components/${name}/kustomization.yaml`,
      kustomization(
        {
          ...(added.length > 0 && {resources: ['objects.yaml']}),
          patches: patches(base, changed),
        },
        {apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component'},
      ),
    )
  }
  return texts
}

/** What `values-ha.yaml` says, and the component `ha`. */
export const highlyAvailable = {
  webhook: {replicas: 3, spread: 'required'},
  controller: {replicas: 2},
} as const satisfies {readonly [K in keyof InstallValues]?: unknown}

function objectsOf(values: object, version: string): readonly KubeObject[] {
  return installedObjects({values: valuesSchema.parse(values), namespace: usualNamespace, version})
}

function kustomization(
  body: object,
  head: object = {apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization'},
): string {
  return manifest(generated, [{object: {...head, ...body}}])
}

function rbac(component: 'webhook' | 'controller', rights: Rights): string {
  const objects = accountOf(component, rights, {mesh: '', namespace: usualNamespace})
  const words = (kind: string | undefined) =>
    kind === 'ClusterRole' ? rights.cluster : kind === 'Role' ? rights.own : []
  const about = {
    webhook: 'What the webhook reads of a cluster, and nothing else: it writes nothing.',
    controller: 'What the controller reads and writes, and nothing else.',
  }[component]
  return manifest(
    `${generated.slice(0, -1)}/${component}-rights.ts. ${about}`,
    objects.map((object) => ({object, rules: rulesOf(words(object.kind), '').map(({why}) => why)})),
  )
}

interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string
  readonly value?: unknown
}

/** What an overlay says of the objects that differ: JSON patches, for a strategic merge cannot replace every list. */
function patches(before: readonly KubeObject[], after: readonly KubeObject[]): readonly object[] {
  const wanted = new Map(after.map((object) => [keyOf(object), object]))
  return before.flatMap((object) => {
    const {apiVersion = '', kind, metadata} = object
    const changed = wanted.get(keyOf(object))
    if (changed === undefined) throw new Error(`an overlay cannot take ${keyOf(object)} away`)
    const operations = differences('', object, changed)
    if (operations.length === 0) return []
    const [version = '', group] = apiVersion.split('/').reverse()
    const target = {...(group === undefined ? {} : {group}), version, kind, name: metadata?.name}
    return [{target, patch: operations.map((operation) => `- ${JSON.stringify(operation)}\n`).join('')}]
  })
}

function differences(path: string, before: unknown, after: unknown): readonly Operation[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length && after.every(isValues)) {
    return after.flatMap((item, index) => differences(`${path}/${index}`, before[index], item))
  }
  if (Array.isArray(before) && Array.isArray(after)) return listDifferences(path, before, after)
  if (!isValues(before) || !isValues(after)) return [{op: 'replace', path, value: after}]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): readonly Operation[] => {
    const place = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!(key in after)) return [{op: 'remove', path: place}]
    if (!(key in before)) return [{op: 'add', path: place, value: after[key]}]
    return differences(place, before[key], after[key])
  })
}

/** Items added at the end and items taken out say so one by one, so that an overlay and a component can be combined. */
function listDifferences(path: string, before: readonly unknown[], after: readonly unknown[]): readonly Operation[] {
  const [old, fresh] = [before, after].map((list) => list.map((item) => JSON.stringify(item)))
  if (old === undefined || fresh === undefined) return []
  const kept = old.filter((item) => fresh.includes(item))
  if (JSON.stringify(fresh.slice(0, kept.length)) !== JSON.stringify(kept)) return [{op: 'replace', path, value: after}]
  const gone = old.flatMap((item, index) =>
    fresh.includes(item) ? [] : [{op: 'remove', path: `${path}/${index}`} as const],
  )
  const added = after.slice(kept.length).map((value) => ({op: 'add', path: `${path}/-`, value}) as const)
  // From the back, so that no index moves before its turn.
  return [...gone.reverse(), ...added]
}

function keyOf({apiVersion, kind, metadata}: KubeObject): string {
  return `${apiVersion}/${kind}/${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}
