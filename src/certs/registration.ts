import {z} from 'zod'
import {fieldOwners, type FieldSet} from '../controller/fields.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import {distinct, everyCertificate, sameAuthorities, textOf, trustedOf, type Trusted} from './bundle.ts'
import type {ServedState} from './rotation.ts'

export const registrations: ResourceKind = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  namespaced: false,
}

const REGISTRATION = z.looseObject({
  metadata: z.looseObject({uid: z.string(), resourceVersion: z.string()}),
  webhooks: z.array(z.looseObject({clientConfig: z.looseObject({caBundle: z.string().nullish()})})).nullish(),
})

function textsIn(registration: KubeObject | undefined): readonly string[] {
  const webhooks = REGISTRATION.safeParse(registration).data?.webhooks ?? []
  return webhooks.map(({clientConfig}) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8'))
}

/** What is seen of the registration; `unchangedFor` is for whoever watches it to say. */
export function readRegistration(registration: KubeObject | undefined): Omit<ServedState, 'unchangedFor'> {
  const texts = textsIn(registration)
  const trusted = distinct(texts.flatMap(trustedOf))
  return {registered: registration !== undefined, trusted, uniform: texts.every((text) => says(text, trusted))}
}

/** Whether every webhook of it has just this bundle, whatever the order. */
export function isServing(registration: KubeObject, bundle: readonly Trusted[]): boolean {
  return textsIn(registration).every((text) => says(text, bundle))
}

function says(text: string, bundle: readonly Trusted[]): boolean {
  return sameAuthorities(trustedOf(text), bundle) && everyCertificate(text).length === bundle.length
}

/**
 * A JSON Merge Patch that gives every webhook this bundle, and fails where the registration has changed since it was read,
 * so that nobody else's change is lost. The API server writes down as ours what it changes, `caBundle`, and nothing else.
 */
export function bundlePatch(
  registration: KubeObject,
  bundle: readonly Trusted[],
): Readonly<Record<string, unknown>> | undefined {
  const {data} = REGISTRATION.safeParse(registration)
  if (data === undefined) return undefined
  const {uid, resourceVersion} = data.metadata
  const caBundle = Buffer.from(textOf(bundle)).toString('base64')
  const webhooks = (data.webhooks ?? []).map((webhook) => ({
    ...webhook,
    clientConfig: {...webhook.clientConfig, caBundle},
  }))
  return {metadata: {uid, resourceVersion}, webhooks}
}

/** Who beside us has set `caBundle` of a webhook, as the API server has written it down. */
export function bundleManagers(registration: KubeObject, ours: string): readonly string[] {
  const others = fieldOwners(registration).filter(({manager, fields}) => manager !== ours && setsBundle(fields))
  return [...new Set(others.map(({manager}) => manager))]
}

function setsBundle(fields: FieldSet): boolean {
  const webhooks = [...(fields.get('f:webhooks')?.values() ?? [])]
  return webhooks.some((webhook) => webhook.get('f:clientConfig')?.has('f:caBundle') === true)
}
