import {execFile} from 'node:child_process'
import {cp, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parseAllDocuments, stringify} from 'yaml'
import {z} from 'zod'
import manifest from '../../package.json' with {type: 'json'}
import {installedObjects, namespaceObject} from '../../src/install/objects.ts'
import {valuesSchema} from '../../src/install/values.ts'
import {meshNames} from '../../src/mesh/mesh.ts'
import {ensureBinaries} from '../cluster/binaries.ts'
import {root} from '../e2e/command.ts'

// What kustomize itself makes of the overlays and components is what the sources say.

const run = promisify(execFile)
const OBJECT = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({name: z.string(), namespace: z.string().optional()}),
})

let kubectl: string
let folder: string
beforeAll(async () => {
  ;({kubectl} = await ensureBinaries())
  folder = await mkdtemp(join(tmpdir(), 'meshwright-kustomize-'))
  await cp(join(root, 'manifests'), join(folder, 'manifests'), {recursive: true})
})
afterAll(() => rm(folder, {recursive: true}))

async function made(base: string, components: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [`manifests/kustomize/${base}`],
    components: components.map((name) => `manifests/kustomize/components/${name}`),
  }
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
  const {stdout} = await run(kubectl, ['kustomize', folder], {maxBuffer: 64 * 1024 * 1024})
  return byName(parseAllDocuments(stdout).map((document) => document.toJS()))
}

function wanted(values: object): Readonly<Record<string, unknown>> {
  const release = {values: valuesSchema.parse(values), namespace: 'meshwright-system', version: manifest.version}
  return byName([namespaceObject(release.namespace), ...installedObjects(release)])
}

/** Each object by its name; arguments in no order, for a component puts its own at the end. */
function byName(objects: readonly unknown[]): Readonly<Record<string, unknown>> {
  const plain: unknown = JSON.parse(JSON.stringify(objects), (key, value: unknown) =>
    key === 'args' && Array.isArray(value) ? value.toSorted((a, b) => String(a).localeCompare(String(b))) : value,
  )
  const named = z
    .array(OBJECT)
    .parse(plain)
    .map((object) => [`${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`, object] as const)
  expect(new Set(named.map(([name]) => name)).size).toBe(named.length)
  return Object.fromEntries(named)
}

const ha = {webhook: {replicas: 3, spread: 'required'}, controller: {replicas: 2}}
const monitoring = {monitoring: {podMonitor: true, rules: true, dashboards: true}}
const certManager = {certificates: {issuer: 'cert-manager'}}

const bases = [['base', {}], ...meshNames.map((mesh) => [`overlays/${mesh}`, {mesh}] as const)] as const

describe.each(bases)('%s', (base, values) => {
  test.each([
    [[], {}],
    [['ha'], ha],
    [['cert-manager'], certManager],
    [['ha', 'cert-manager'], {...ha, ...certManager}],
  ] as const)('with the components %j', async (components, more) => {
    expect(await made(base, components)).toEqual(wanted({...values, ...more}))
  })

  // A component does not know which overlay it is beside: names of a mesh that is not there record nothing.
  test('with the component monitoring, which has the recorded names of every mesh', async () => {
    const others = Object.entries(wanted(monitoring)).filter(([name]) => name.includes('/meshwright-recording-'))
    const expected = {...wanted({...values, ...monitoring}), ...Object.fromEntries(others)}
    expect(await made(base, ['monitoring'])).toEqual(expected)
  })
})
