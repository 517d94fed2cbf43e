import {join} from 'node:path'
import {z} from 'zod'
import {Kinds, ruleKinds} from '../../src/controller/kinds.ts'
import {readStatus, type RuleStatus} from '../../src/controller/status.ts'
import {groupOf} from '../../src/kube/api.ts'
import type {ResourceKind} from '../../src/mesh/resource.ts'
import {ruleMeshes} from '../../src/mesh/translators.ts'
import type {Cluster} from '../cluster/cluster.ts'
import {crdsIn, installCrds} from './crds.ts'
import {list, pod} from './manifests.ts'

const OBJECT = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    generation: z.number().optional(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
})
export type StoredObject = z.infer<typeof OBJECT>

export const meshKinds = new Kinds(Object.values(ruleMeshes)).all
const group = 'meshwright.dev/v1alpha1'

const EVENT = z.object({type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: OBJECT})

/** A rule object; of no namespace where none is given. */
export function rule(kind: string, namespace: string | undefined, name: string, spec: object): object {
  return {apiVersion: group, kind, metadata: {name, ...(namespace === undefined ? {} : {namespace})}, spec}
}

export function meshConfig(spec: object, name = 'default'): object {
  return rule('MeshConfig', undefined, name, spec)
}

/** A Service, a ServiceAccount of its own, and a running pod for each version. */
export function service(namespace: string, name: string, versions: readonly string[] = ['v1']): readonly object[] {
  const labels = {app: name}
  return [
    {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name, namespace}},
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {name, namespace, labels},
      spec: {selector: labels, ports: [{name: 'http', port: 8080, targetPort: 8080}]},
    },
    ...versions.map((version) =>
      pod(
        {
          name: `${name}-${version}`,
          namespace,
          labels: {...labels, version},
          annotations: {'consul.hashicorp.com/service-meta-version': version},
        },
        {serviceAccountName: name},
      ),
    ),
  ]
}

/** A cluster with every CRD that rules may become, as its administrator sees it. */
export class RuleCluster {
  readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  /** The meshes' own CRDs, but for those whose names `without` matches. */
  async installMeshes(shared: string, without = /^$/): Promise<void> {
    const crds = await crdsIn(join(shared, 'crds'))
    await installCrds(
      this.cluster,
      crds.filter(({metadata}) => !without.test(metadata.name)),
    )
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const {code, stderr} = await this.cluster.kubectl(['apply', '--server-side', '-f', '-'], {stdin: list(objects)})
    if (code !== 0) throw new Error(stderr)
  }

  async delete(kind: string, namespace: string | undefined, name: string): Promise<void> {
    const where = namespace === undefined ? [] : ['-n', namespace]
    const {code, stderr} = await this.cluster.kubectl(['delete', kind, name, ...where])
    if (code !== 0) throw new Error(stderr)
  }

  path({apiVersion, plural, namespaced}: ResourceKind, namespace?: string, name?: string): string {
    const base = groupOf(apiVersion) === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`
    const where = namespaced && namespace !== undefined ? `/namespaces/${namespace}` : ''
    return `${base}${where}/${plural}${name === undefined ? '' : `/${name}`}`
  }

  async get(kind: ResourceKind, namespace: string, name: string): Promise<StoredObject | undefined> {
    const {status, body} = await this.cluster.api.request('GET', this.path(kind, namespace, name))
    if (status === 404) return undefined
    if (status !== 200) throw new Error(`${kind.kind} ${namespace}/${name}: ${status} ${JSON.stringify(body)}`)
    return OBJECT.parse(body)
  }

  /** As somebody who edits by hand. */
  async edit(kind: ResourceKind, namespace: string, name: string, patch: object): Promise<void> {
    const path = `${this.path(kind, namespace, name)}?fieldManager=kubectl-edit`
    const {status, body} = await this.cluster.api.request('PATCH', path, patch, 'application/merge-patch+json')
    if (status !== 200) throw new Error(`${kind.kind} ${namespace}/${name}: ${status} ${JSON.stringify(body)}`)
  }

  /** Everything in the namespace, or in all of them, that carries our marks; contributions too. */
  async written(namespace?: string): Promise<readonly StoredObject[]> {
    const all = await Promise.all(
      meshKinds.map(async (kind) => {
        const path = `${this.path(kind, namespace)}?labelSelector=meshwright.dev%2Funit`
        const {status, body} = await this.cluster.api.request('GET', path)
        if (status === 404) return []
        return z
          .object({items: z.array(OBJECT)})
          .parse(body)
          .items.map((item) => ({...item, apiVersion: kind.apiVersion, kind: kind.kind}))
      }),
    )
    return all.flat()
  }

  /** `VirtualService orders`, in alphabetical order. */
  async names(namespace?: string): Promise<readonly string[]> {
    return (await this.written(namespace)).map(({kind, metadata}) => `${kind} ${metadata.name}`).sort()
  }

  /** The state of a namespace: what happens to its objects later can be asked for from here. */
  async version(namespace: string): Promise<string> {
    const {body} = await this.cluster.api.request('GET', `/api/v1/namespaces/${namespace}/configmaps?limit=1`)
    return z.object({metadata: z.object({resourceVersion: z.string()})}).parse(body).metadata.resourceVersion
  }

  /** Every state that objects of these kinds have had since then, in the order of writing; what is gone by its key alone. */
  async history(
    kinds: readonly ResourceKind[],
    namespace: string,
    since: string,
  ): Promise<readonly {readonly key: string; readonly object?: StoredObject}[]> {
    const told = await Promise.all(
      kinds.map(async (kind) => {
        const path = `${this.path(kind, namespace)}?watch=true&resourceVersion=${since}&timeoutSeconds=2`
        const {code, stdout, stderr} = await this.cluster.kubectl(['get', '--raw', path])
        if (code !== 0) throw new Error(stderr)
        const lines = stdout.split('\n').filter((line) => line !== '')
        return lines.map((line) => EVENT.parse(JSON.parse(line)))
      }),
    )
    const version = ({metadata}: StoredObject) => Number(metadata['resourceVersion'])
    return told
      .flat()
      .toSorted((one, other) => version(one.object) - version(other.object))
      .map(({type, object}) => ({
        key: `${object.kind} ${object.metadata.name}`,
        ...(type === 'DELETED' ? {} : {object}),
      }))
  }

  /** The status of a rule as it stands now; undefined while nothing is said of it. */
  async status(kind: string, namespace: string, name: string): Promise<RuleStatus | undefined> {
    const known = ruleKinds.find((each) => each.kind === kind)
    if (known === undefined) throw new Error(`there is no kind ${kind}`)
    const found = await this.get(known, namespace, name)
    const status = readStatus(found?.['status'])
    return status?.observedGeneration === found?.metadata.generation ? status : undefined
  }

  /** Waits until the conditions of a rule are these: `Accepted: 'True'`, or `Programmed: 'False CRDMissing'`. */
  conditions(
    kind: string,
    namespace: string,
    name: string,
    wanted: Readonly<Record<string, string>>,
  ): Promise<RuleStatus> {
    return this.cluster.until(`${kind} ${namespace}/${name} to be ${JSON.stringify(wanted)}`, 40_000, async () => {
      const status = await this.status(kind, namespace, name)
      const isSo = Object.entries(wanted).every(([type, words]) => {
        const condition = status?.conditions.find((each) => each.type === type)
        return words === condition?.status || words === `${condition?.status} ${condition?.reason}`
      })
      if (!isSo) throw new Error(`it is ${JSON.stringify(status?.conditions)}`)
      return status
    })
  }

  /** Waits until what is written in the namespace is this. */
  settled(namespace: string, wanted: readonly string[]): Promise<unknown> {
    return this.cluster.until(`${namespace} to hold ${wanted.join(', ') || 'nothing'}`, 40_000, async () => {
      const names = await this.names(namespace)
      if (JSON.stringify(names) === JSON.stringify(wanted.toSorted())) return true
      throw new Error(`it holds ${names.join(', ')}`)
    })
  }
}

/** The kind of that name, as the meshes write it. */
export function kindNamed(apiVersion: string, kind: string): ResourceKind {
  const found = meshKinds.find((each) => each.apiVersion === apiVersion && each.kind === kind)
  if (found === undefined) throw new Error(`no mesh writes ${kind} of ${apiVersion}`)
  return found
}
