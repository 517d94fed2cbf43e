import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {parseAllDocuments} from 'yaml'
import {z} from 'zod'
import type {Cluster} from '../cluster/cluster.ts'

const CRD = z.looseObject({
  kind: z.literal('CustomResourceDefinition'),
  metadata: z.looseObject({name: z.string()}),
})

export type Crd = z.infer<typeof CRD>

/** The CustomResourceDefinitions below a folder. */
export async function crdsIn(folder: string): Promise<readonly Crd[]> {
  const files = await readdir(folder, {recursive: true})
  const texts = await Promise.all(
    files
      .filter((file) => file.endsWith('.yaml') && !file.endsWith('kustomization.yaml'))
      .toSorted()
      .map((file) => readFile(join(folder, file), 'utf8')),
  )
  return texts
    .flatMap((text) => parseAllDocuments(text))
    .map((document) => document.toJS())
    .filter((value) => value !== null)
    .map((value) => CRD.parse(value))
}

const ESTABLISHED = z.object({
  status: z.object({conditions: z.array(z.object({type: z.string(), status: z.string()}))}),
})

/** Installs them, and waits until the API server serves them. */
export async function installCrds(cluster: Cluster, crds: readonly Crd[]): Promise<void> {
  const base = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  for (const crd of crds) {
    const path = `${base}/${crd.metadata.name}?fieldManager=test&force=true`
    const {status, body} = await cluster.api.request('PATCH', path, crd, 'application/apply-patch+yaml')
    if (status > 201) throw new Error(`${crd.metadata.name}: the API server answered ${status} ${JSON.stringify(body)}`)
  }
  for (const {metadata} of crds) {
    await cluster.until(`${metadata.name} to be served`, 30_000, async () => {
      const {body} = await cluster.api.request('GET', `${base}/${metadata.name}`)
      const conditions = ESTABLISHED.safeParse(body).data?.status.conditions ?? []
      return conditions.some(({type, status}) => type === 'Established' && status === 'True')
    })
  }
}
