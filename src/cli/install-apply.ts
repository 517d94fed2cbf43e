import {setTimeout as sleep} from 'node:timers/promises'
import {lookUp} from '../check/cluster-facts.ts'
import {elsewhereText, installedElsewhere, type Elsewhere} from '../check/elsewhere.ts'
import {installKindOf, installKinds, titleOf} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import {installedObjects, namespaceObject} from '../install/objects.ts'
import {lacks} from '../install/readiness.ts'
import type {Release} from '../install/release.ts'
import {valuesSchema} from '../install/values.ts'
import type {KubeApi} from '../kube/api.ts'
import {KindMissingError, NotFoundError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {Failure} from './failure.ts'
import type {Report} from './report.ts'

/** Whose fields are what `install` applies. */
export const installManager = 'meshwright-install'

interface Manner {
  readonly report: Report
  /** Milliseconds to wait for CRDs and Deployments; absent: none. */
  readonly timeout?: number
}

/**
 * Applies an installation, and takes away what an earlier one had and this one has not.
 *
 * @throws KubeError, and Failure where what was applied does not become ready in time
 */
export async function install(api: KubeApi, release: Release, {report, timeout}: Manner): Promise<void> {
  const objects = installedObjects(release)
  const isLast = ({kind}: KubeObject) => kind === installKinds.registration.kind
  await applied(api, [namespaceObject(release.namespace), ...objects.filter((object) => !isLast(object))], report)
  if (timeout !== undefined) await ready(api, objects, {report, until: performance.now() + timeout, timeout})
  await applied(api, objects.filter(isLast), report)
  for (const object of await leftOver(api, release)) {
    await removed(api, object)
    report.line('done', `${titleOf(object)} is not wanted any more and removed`)
  }
}

async function applied(api: KubeApi, objects: readonly KubeObject[], report: Report): Promise<void> {
  for (const object of objects) {
    await api.apply(installKindOf(object), object, {fieldManager: installManager, force: true})
    report.line('done', titleOf(object))
  }
}

async function ready(
  api: KubeApi,
  objects: readonly KubeObject[],
  {report, until, timeout}: {report: Report; until: number; timeout: number},
): Promise<void> {
  const awaited = objects.filter(({kind}) => kind === installKinds.crd.kind || kind === installKinds.deployment.kind)
  for (const object of awaited) {
    for (;;) {
      const lacking = lacks(await api.get(installKindOf(object), nameOf(object)))
      if (lacking === undefined) break
      if (performance.now() > until) {
        const hint = `look at its pods with kubectl describe; ${await whoWaits(api)}`
        throw new Failure(`${titleOf(object)} is not ready after ${timeout / 1000} s: ${lacking}; ${hint}`)
      }
      await sleep(500)
    }
    report.line('done', `${titleOf(object)} is ready`)
  }
}

/** After a failed upgrade the registration of before is still there. */
async function whoWaits(api: KubeApi): Promise<string> {
  const there = await lookUp(api, installKinds.registration, {name: names.webhook})
  if (there === undefined) return 'nothing is registered, so no pod waits for it'
  return 'the webhook stays registered as it was before, so new pods are asked about: what still runs of it answers'
}

/** Objects of another choice of values that are there and ours. */
async function leftOver(api: KubeApi, release: Release): Promise<readonly KubeObject[]> {
  const wanted = new Set(installedObjects(release).map(titleOf))
  const found: KubeObject[] = []
  for (const object of everyObject(release.namespace)) {
    if (wanted.has(titleOf(object)) || object.kind === installKinds.crd.kind) continue
    const there = await lookedUp(api, object)
    if (there !== undefined && isOurs(there)) found.push(there)
  }
  return found
}

/** Everything that any choice of values installs. */
export function everyObject(namespace: string): readonly KubeObject[] {
  const all = {certificates: {issuer: 'cert-manager'}, monitoring: {podMonitor: true, rules: true, dashboards: true}}
  return installedObjects({values: valuesSchema.parse(all), namespace, version: ''})
}

/** Undefined where it is not there, or its kind is not. */
export async function lookedUp(api: KubeApi, object: KubeObject): Promise<KubeObject | undefined> {
  return lookUp(api, installKindOf(object), nameOf(object))
}

/** False where there was nothing. */
export async function removed(api: KubeApi, object: KubeObject): Promise<boolean> {
  try {
    await api.delete(installKindOf(object), nameOf(object))
    return true
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof KindMissingError) return false
    throw error
  }
}

/** A sentence where something else keeps the installation: two installers would undo each other's work. */
export async function foreignInstaller(api: KubeApi, namespace: string): Promise<string | undefined> {
  const elsewhere = await installedElsewhere(api, namespace)
  const place = elsewhere?.namespace ?? namespace
  const there = await lookUp(api, installKinds.deployment, {name: names.webhook, namespace: place})
  if (there?.metadata?.labels?.['app.kubernetes.io/managed-by'] === 'Helm') {
    const release = there.metadata.annotations?.['meta.helm.sh/release-name'] ?? 'meshwright'
    return `Helm keeps this installation: helm upgrade ${release} -n ${place} changes it, helm uninstall ${release} -n ${place} takes it away`
  }
  return elsewhere === undefined ? undefined : otherPlace(elsewhere)
}

/** What to say where a command is about another namespace than the installation's. */
export function otherPlace(elsewhere: Elsewhere): string {
  const {namespace} = elsewhere
  return `${elsewhereText(elsewhere)}: give -n ${namespace}, or take that one away first (uninstall -n ${namespace}); nothing was done`
}

/** Whether it bears the label of everything that is installed. */
export function isOurs({metadata}: KubeObject): boolean {
  return metadata?.labels?.['app.kubernetes.io/part-of'] === 'meshwright'
}

function nameOf({metadata}: KubeObject): {name: string; namespace?: string} {
  const {name = '', namespace} = metadata ?? {}
  return {name, ...(namespace !== undefined && {namespace})}
}
