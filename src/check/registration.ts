import {z} from 'zod'
import {isValues} from '../mesh/values.ts'
import type {KubeObject, StringMap} from '../mesh/pod.ts'
import {names} from '../install/names.ts'
import {bad, good, warning, type CheckResult} from './result.ts'

const SELECTOR = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(z.object({key: z.string(), operator: z.string(), values: z.array(z.string()).default([])}))
    .default([]),
})
const WEBHOOK = z.looseObject({
  name: z.string(),
  clientConfig: z.looseObject({caBundle: z.string().default('')}),
  namespaceSelector: SELECTOR.prefault({}),
  rules: z
    .array(z.looseObject({operations: z.array(z.string()).default([]), resources: z.array(z.string()).default([])}))
    .default([]),
  failurePolicy: z.string().default('Fail'),
})
const REGISTRATION = z.looseObject({
  metadata: z.looseObject({name: z.string()}),
  webhooks: z.array(WEBHOOK).default([]),
})

export type RegisteredWebhook = z.infer<typeof WEBHOOK>

export interface NamespaceLabels {
  readonly name: string
  readonly labels: StringMap
}

/** The webhooks of a registration; none where it is not one that can be read. */
export function webhooksOf(registration: KubeObject | undefined): readonly RegisteredWebhook[] {
  return REGISTRATION.safeParse(registration).data?.webhooks ?? []
}

/** Whether the API server calls this webhook about something in the namespace. */
export function selects({namespaceSelector}: RegisteredWebhook, labels: StringMap): boolean {
  const {matchLabels, matchExpressions} = namespaceSelector
  const valueOf = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  return (
    Object.entries(matchLabels).every(([key, value]) => valueOf(key) === value) &&
    matchExpressions.every(({key, operator, values}) => {
      const value = valueOf(key)
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      const isListed = value !== undefined && values.includes(value)
      return operator === 'In' ? isListed : !isListed
    })
  )
}

/** What of the configuration in force concerns the registration. */
export interface Wanted {
  readonly failurePolicy?: string | undefined
  readonly enforced?: boolean | undefined
}

/** What the registration itself shows, beside what the configuration says, where it says something. */
export function checkRegistration(
  registration: KubeObject | undefined,
  own: NamespaceLabels,
  {failurePolicy, enforced}: Wanted,
): readonly CheckResult[] {
  if (registration === undefined) {
    return [
      bad(
        'registration',
        `MutatingWebhookConfiguration ${names.webhook} is not there: no pod gets a sidecar from Meshwright`,
        'Run meshwright install, or helm upgrade.',
      ),
    ]
  }
  const [webhook] = webhooksOf(registration)
  if (webhook === undefined) {
    return [bad('registration', 'the registration names no webhook', 'Run meshwright install, or helm upgrade.')]
  }
  const isOut = !selects(webhook, own.labels)
  const results = [
    isOut
      ? good('registration', `namespace ${own.name} is left out, so that the webhook cannot stand in its own way`)
      : bad(
          'registration',
          `the selector takes in Meshwright's own namespace ${own.name}: with no replica left none can start`,
          'Take the namespace out of namespaceSelector, as manifests/kustomize/base/registration.yaml does.',
        ),
  ]
  if (failurePolicy !== undefined && failurePolicy !== webhook.failurePolicy) {
    results.push(
      warning(
        'registration',
        `failurePolicy is ${webhook.failurePolicy} in the registration and ${failurePolicy} in the configuration`,
        'Write the same in mesh.failurePolicy of MeshConfig default and in the value failurePolicy.',
      ),
    )
  } else if (enforced === true && webhook.failurePolicy !== 'Fail') {
    results.push(
      warning(
        'registration',
        `mesh.enforced is true, and failurePolicy is ${webhook.failurePolicy}: a pod that the webhook is not reached for, or turns away for its size, starts without a sidecar`,
        'Write Fail in the value failurePolicy.',
      ),
    )
  }
  return results
}

const meshInjectors: readonly (readonly [mesh: string, name: RegExp, off: string])[] = [
  [
    'Istio',
    /^istio-(sidecar-injector|revision-tag)/,
    'Take the labels istio-injection and istio.io/rev from these namespaces, or install Istio with sidecarInjectorWebhook.enableNamespacesByDefault: false.',
  ],
  [
    'Linkerd',
    /^linkerd-proxy-injector/,
    'Add these namespaces to proxyInjector.namespaceSelector of the Linkerd chart as ones to leave out.',
  ],
  [
    'Consul',
    /connect-injector$/,
    'Add these namespaces to connectInject.k8sDenyNamespaces of the Consul chart, or leave them out by connectInject.namespaceSelector.',
  ],
]

/**
 * A mesh's own injector that is asked about the same namespaces: it knows nothing of our keys, and two injectors make two
 * opinions. One that only takes pods which ask for it by a label of that mesh is none: who asks for it means it.
 */
export function checkInjectors(
  registrations: readonly KubeObject[],
  namespaces: readonly NamespaceLabels[],
): readonly CheckResult[] {
  const [ours] = webhooksOf(registrations.find(({metadata}) => metadata?.name === names.webhook))
  const shared = namespaces.filter(({labels}) => ours !== undefined && selects(ours, labels))
  const results = registrations.flatMap((registration) => {
    const name = registration.metadata?.name ?? ''
    const known = meshInjectors.find(([, pattern]) => pattern.test(name))
    if (known === undefined) return []
    const [mesh, , off] = known
    const webhooks = webhooksOf(registration).filter(asksAboutPods)
    const both = shared.filter(({labels}) => webhooks.some((webhook) => selects(webhook, labels) && !isOptIn(webhook)))
    if (both.length === 0) return []
    const list = both.map((namespace) => namespace.name).join(', ')
    return [
      warning(
        'injectors',
        `${mesh}'s own injector ${name} is still asked about ${list}, and ignores meshwright.dev/ keys`,
        off,
      ),
    ]
  })
  return results.length > 0 ? results : [good('injectors', "no mesh's own injector is asked about the same namespaces")]
}

function asksAboutPods({rules}: RegisteredWebhook): boolean {
  return rules.some(({operations, resources}) => has(operations, 'CREATE') && has(resources, 'pods'))
}

function has(list: readonly string[], item: string): boolean {
  return list.includes(item) || list.includes('*')
}

/** It is asked about pods only that carry a label which asks for this mesh. */
function isOptIn(webhook: RegisteredWebhook): boolean {
  const selector = webhook['objectSelector']
  if (!isValues(selector)) return false
  const {data} = SELECTOR.safeParse(selector)
  if (data === undefined) return false
  const asks = data.matchExpressions.some(({operator}) => operator === 'In' || operator === 'Exists')
  return asks || Object.keys(data.matchLabels).length > 0
}
