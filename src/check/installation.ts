import {z} from 'zod'
import {meshConfigs, namespaces} from '../admission/cluster-state.ts'
import {ruleKinds} from '../controller/kinds.ts'
import {installKinds, keptKinds} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import {lacks} from '../install/readiness.ts'
import type {KubeApi} from '../kube/api.ts'
import {ForbiddenError, KubeError, NotFoundError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues} from '../mesh/values.ts'
import {checkCertificates} from './certificates.ts'
import {inForceOf, listAll, podKind, webhookMesh} from './cluster-facts.ts'
import {seenMeshes} from './meshes.ts'
import {checkInjectors, checkRegistration, selects, webhooksOf, type NamespaceLabels} from './registration.ts'
import {bad, good, warning, type CheckArea, type CheckResult} from './result.ts'
import {checkSidecars} from './sidecars.ts'

/** Looks at an installation. What cannot be read is a result like any other. @throws KubeError where nothing can be read */
export async function checkInstallation(api: KubeApi, namespace: string, now: Date): Promise<readonly CheckResult[]> {
  const all = (await listAll(api, namespaces)).map(labelsOf)
  const own = all.find(({name}) => name === namespace)
  if (own === undefined) {
    return [bad('webhook', `there is no namespace ${namespace}`, 'Run meshwright install, or name another with -n.')]
  }
  const registrations = await listAll(api, installKinds.registration)
  const registration = registrations.find(({metadata}) => metadata?.name === names.webhook)
  const deployments = await listAll(api, installKinds.deployment, {namespace})
  const inForce = await tried('rules', () => inForceOf(api, namespace, webhookMesh(deployments)))
  const state = 'about' in inForce || !inForce.ok ? undefined : inForce.state
  const problems =
    'about' in inForce ? [inForce] : inForce.problems.map((text) => bad('rules', text, configurationHint))
  return [
    ...(await seenMeshes(api, state?.base.mesh)),
    ...(await checkKinds(api)),
    ...problems,
    checkDeployment('webhook', deployments),
    checkDeployment('controller', deployments),
    ...checkRegistration(registration, own, state?.base.settings ?? {}),
    ...checkCertificates({bundle: bundleOf(registration), leaf: await leafOf(api, namespace)}, now),
    ...(await checkReach(api, registration, all)),
    ...checkInjectors(registrations, all),
    ...(state === undefined ? [] : checkSidecars(await listAll(api, podKind, running), state)),
  ]
}

const running = {fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed'}
const configurationHint = 'Correct the MeshConfig or the value config; the last good one stays in force.'

async function tried<T extends object>(about: CheckArea, run: () => Promise<T>): Promise<T | CheckResult> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof KubeError) return bad(about, error.message, 'Ask with the rights to read it.')
    throw error
  }
}

async function checkKinds(api: KubeApi): Promise<readonly CheckResult[]> {
  const missing: string[] = []
  for (const kind of [...ruleKinds, meshConfigs]) if (!(await api.hasKind(kind))) missing.push(kind.kind)
  return missing.length === 0
    ? [good('rules', 'every kind of rule is served')]
    : [
        bad(
          'rules',
          `the API server does not know ${[...new Set(missing)].join(', ')}`,
          'Apply the CRDs: kubectl apply --server-side -k manifests/crd, or meshwright install.',
        ),
      ]
}

const REPLICAS = z.looseObject({spec: z.looseObject({replicas: z.number().default(1)})})

function checkDeployment(component: 'webhook' | 'controller', deployments: readonly KubeObject[]): CheckResult {
  const there = deployments.find(({metadata}) => metadata?.name === names[component])
  if (there === undefined) {
    return bad(component, `Deployment ${names[component]} is not there`, 'Run meshwright install, or helm upgrade.')
  }
  const lacking = lacks(there)
  const hint = 'Look at its pods: kubectl describe pods -l app.kubernetes.io/component=' + component
  if (lacking !== undefined) return bad(component, `Deployment ${names[component]}: ${lacking}`, hint)
  const {replicas} = REPLICAS.parse(there).spec
  if (component === 'webhook' && replicas < 2) {
    return warning(
      component,
      'the webhook has one replica: while it is replaced, no pod can be admitted',
      'Choose two or more: webhook.replicas.',
    )
  }
  return good(component, `Deployment ${names[component]}: ${replicas} of ${replicas} replicas are available`)
}

function bundleOf(registration: KubeObject | undefined): string | undefined {
  const [webhook] = webhooksOf(registration)
  return webhook === undefined ? undefined : Buffer.from(webhook.clientConfig.caBundle, 'base64').toString('utf8')
}

async function leafOf(api: KubeApi, namespace: string): Promise<string | false | undefined> {
  try {
    const {data} = await api.get(keptKinds.secret, {namespace, name: names.certificateSecret})
    const text = isValues(data) ? data['tls.crt'] : undefined
    return typeof text === 'string' ? Buffer.from(text, 'base64').toString('utf8') : undefined
  } catch (error) {
    if (error instanceof ForbiddenError) return false
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** A label whose value the webhook refuses, on a pod that is only tried: its refusal is the sign that it was asked. */
const probe = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {name: 'meshwright-check', labels: {'meshwright.dev/inject': 'check'}},
  spec: {containers: [{name: 'check', image: 'none.invalid/check'}]},
}

async function checkReach(
  api: KubeApi,
  registration: KubeObject | undefined,
  all: readonly NamespaceLabels[],
): Promise<readonly CheckResult[]> {
  const [webhook] = webhooksOf(registration)
  if (webhook === undefined) return []
  const asked = all.filter(({labels}) => selects(webhook, labels)).map(({name}) => name)
  const namespace = asked.find((name) => name === 'default') ?? asked[0]
  if (namespace === undefined) {
    return [
      warning('webhook', 'the webhook is asked about no namespace', 'Label one: meshwright.dev/admission: enabled.'),
    ]
  }
  try {
    await api.create(podKind, {...probe, metadata: {...probe.metadata, namespace}}, {dryRun: true})
  } catch (error) {
    if (!(error instanceof KubeError)) throw error
    if (error.message.includes('MW2001')) return [good('webhook', 'the API server reaches the webhook, and it answers')]
    if (/failed calling webhook "?inject\.meshwright\.dev/.test(error.message)) {
      const hint = 'Look at its Service and pods, at NetworkPolicies, and whether the API server can reach pods at all.'
      return [bad('webhook', `the API server does not reach the webhook: ${error.message}`, hint)]
    }
    const hint = `Ask with the right to create pods in ${namespace}; what refused the trial may also come before the webhook.`
    return [warning('webhook', `it cannot be told whether the webhook is reached: ${error.message}`, hint)]
  }
  return [
    bad(
      'webhook',
      `a pod in ${namespace} was taken without the webhook being asked, or although it did not answer`,
      'With failurePolicy Ignore, look at its pods and its Service; else at the registration.',
    ),
  ]
}

function labelsOf({metadata}: KubeObject): NamespaceLabels {
  return {name: metadata?.name ?? '', labels: metadata?.labels ?? {}}
}
