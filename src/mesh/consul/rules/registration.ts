import type {PodFacts, Registration, ServiceFacts, ServiceIntent} from '../../../intent/intent.ts'
import {sameVersion} from '../../../rules/version.ts'
import type {Part} from '../../translation.ts'
import {keyPrefix} from '../keys.ts'
import {partOf} from '../../part.ts'
import {byText} from '../../text-order.ts'
import {Findings} from './findings.ts'
import {metaAnnotation, valueOf} from './service-meta.ts'

const tagsKey = `${keyPrefix}service-tags`
const portKey = `${keyPrefix}connect-service-port`
const versionKey = `${keyPrefix}service-meta-version`

/**
 * What Consul's catalog makes of a registration. consul-k8s registers the pods behind a Service by itself, with what
 * their annotations say, so beside the protocol (in ServiceDefaults) there is nothing to write and all to check.
 */
export function registrationPart({registration, facts}: ServiceIntent): Part | undefined {
  if (registration === undefined) return undefined
  const findings = new Findings()
  const pods = facts?.pods ?? []
  checkPort(registration, facts, findings)
  checkVersions(registration, pods, findings)
  checkTags(registration, pods, findings)
  checkMetadata(registration, pods, findings)
  const {healthCheck} = registration
  if (healthCheck !== undefined) {
    const message =
      "Consul takes a pod's health from the kubelet: give its containers a readinessProbe with path, periodSeconds and timeoutSeconds"
    findings.ignored('MW6363', 'health-check', healthCheck.origin, message)
  }
  return partOf('registration', [registration.origin], findings)
}

/** The first port of a pod, or the one that its annotation names: Consul registers no other. */
function checkPort({port, origin}: Registration, facts: ServiceFacts | undefined, findings: Findings): void {
  if (facts === undefined) return
  const served = facts.ports.filter((one) => one.port === port).map(({targetPort}) => targetPort)
  for (const pod of facts.pods) {
    const registered = registeredPort(pod)
    const meant = new Set([port, ...served.map((target) => portOf(String(target), pod))])
    if (registered === undefined || meant.has(registered)) continue
    const message = `Consul registers the pods with port ${registered}; port ${port} needs the annotation ${portKey}: "${port}"`
    findings.approximated('MW6364', 'registration', origin, message)
  }
}

function registeredPort(pod: PodFacts): number | undefined {
  const [name] = valueOf(pod.annotations, portKey)?.split(',') ?? []
  return name === undefined ? pod.ports[0]?.port : portOf(name, pod)
}

function portOf(text: string, {ports}: PodFacts): number | undefined {
  return ports.find(({name}) => name === text)?.port ?? (/^[0-9]{1,5}$/.test(text) ? Number(text) : undefined)
}

function checkVersions({versions, origin}: Registration, pods: readonly PodFacts[], findings: Findings): void {
  const known = pods.flatMap(({annotations}) => valueOf(annotations, versionKey) ?? [])
  const missing = versions.filter((version) => !known.some((other) => sameVersion(version, other))).toSorted(byText)
  tell(
    findings,
    pods,
    'MW6362',
    'registration-versions',
    origin,
    missing.map((version) => `${versionKey}: ${JSON.stringify(version)}`),
  )
}

function checkTags({tags, origin}: Registration, pods: readonly PodFacts[], findings: Findings): void {
  const carried = ({annotations}: PodFacts) =>
    valueOf(annotations, tagsKey)
      ?.split(',')
      .map((tag) => tag.trim()) ?? []
  const isTagged = (pod: PodFacts) => tags.every((tag) => carried(pod).includes(tag))
  const missing =
    tags.length === 0 || (pods.length > 0 && pods.every(isTagged)) ? [] : [tags.toSorted(byText).join(',')]
  tell(
    findings,
    pods,
    'MW6360',
    'tags',
    origin,
    missing.map((text) => `${tagsKey}: ${JSON.stringify(text)}`),
  )
}

function checkMetadata({metadata, origin}: Registration, pods: readonly PodFacts[], findings: Findings): void {
  const missing = Object.entries(metadata)
    .toSorted(([one], [other]) => byText(one, other))
    .flatMap(([key, value]) => {
      const annotation = metaAnnotation(key)
      const isCarried =
        annotation !== undefined &&
        pods.length > 0 &&
        pods.every(({annotations}) => valueOf(annotations, annotation) === value)
      return isCarried
        ? []
        : [annotation === undefined ? `none for ${JSON.stringify(key)}` : `${annotation}: ${JSON.stringify(value)}`]
    })
  tell(findings, pods, 'MW6361', 'metadata', origin, missing)
}

function tell(
  findings: Findings,
  pods: readonly PodFacts[],
  code: 'MW6360' | 'MW6361' | 'MW6362',
  feature: 'tags' | 'metadata' | 'registration-versions',
  origin: Registration['origin'],
  missing: readonly string[],
): void {
  if (missing.length === 0) return
  const annotations = missing.join(', ')
  if (pods.length > 0) {
    findings.ignored(code, feature, origin, `Consul takes it from the pods, which lack the annotation ${annotations}`)
  } else {
    const message = `no pod is known: Consul takes it from the pods' annotation ${annotations}`
    findings.approximated(code, feature, origin, message)
  }
}
