import type {Finding} from '../finding.ts'
import type {Injection, Subject} from '../mesh.ts'
import type {Volume} from '../pod.ts'
import {accessLogEmptyDir, accessLogMounts} from './access-log.ts'
import {Annotations} from './annotations.ts'
import {arrange, changeContainers, refuseDuplicates, refuseSidecarUser, withEnv} from './containers.ts'
import {dnsFields} from './dns.ts'
import {initContainerMaker} from './init-container.ts'
import {dataVolume} from './keys.ts'
import {defaultServicePort, injectedMetadata, originalPod} from './metadata.ts'
import {scrapePort} from './metrics.ts'
import {openShiftIds, type Ids} from './openshift.ts'
import {overrideFindings} from './overrides.ts'
import {PodPorts} from './ports.ts'
import {readExclusions, redirectConfig} from './redirect.ts'
import {initSecurity, sidecarSecurity, usualIds} from './security.ts'
import {accountVolume, findToken, readServices, refuseManyCopies, refuseUnsupportedMultiPort} from './services.ts'
import type {Settings} from './settings.ts'
import {loopbackAddress, sidecarArgsMaker} from './sidecar-args.ts'
import {sidecarContainer} from './sidecar.ts'
import {upstreamEnv} from './upstreams.ts'
import {userMounts, userVolumes} from './user-volumes.ts'
import {readWishes, type Wishes} from './wishes.ts'

const memoryVolume: Volume = {name: dataVolume, emptyDir: {medium: 'Memory'}}

/** Makes the function that injects; what the settings alone decide is made here, once. */
export function injection(settings: Settings): (subject: Subject) => Injection {
  const makeInit = initContainerMaker(settings)
  const makeArgs = sidecarArgsMaker(settings)
  const loopback = loopbackAddress(settings.dualStack)
  const acls = settings.connection.authMethod !== ''

  return (subject) => {
    const {pod, namespace, overrides} = subject
    const {containers, initContainers = [], volumes = []} = pod.spec
    const annotations = new Annotations(pod.metadata.annotations)
    const wishes = readWishes(annotations, namespace, overrides, settings)
    const services = readServices(annotations, settings)
    if (services.length > 1) {
      refuseUnsupportedMultiPort(annotations, wishes, settings)
      refuseManyCopies(annotations, services.length)
      if (annotations.refusal !== undefined) return {outcome: 'refused', message: annotations.refusal}
    }
    const ids = readIds(annotations, subject, settings)
    const ports = new PodPorts(containers)
    const prometheusPort = scrapePort(annotations, ports, settings.metrics)
    const clusterDns = wishes.dns ? settings.clusterDns : undefined
    const redirect = wishes.transparentProxy
      ? redirectConfig(
          containers,
          wishes,
          readExclusions(annotations, overrides),
          prometheusPort,
          {proxy: ids.dataplane.user, init: ids.init.user},
          clusterDns === undefined ? '' : loopback,
        )
      : undefined

    const logVolumes = settings.accessLogs?.path === undefined ? [] : [accessLogEmptyDir]
    const added: Volume[] = [memoryVolume, ...logVolumes, ...userVolumes(annotations)]
    const mounts = [
      ...accessLogMounts(annotations, settings.accessLogs, [...volumes, ...added]),
      ...userMounts(annotations),
    ]
    const servicePort = annotations.get('connect-service-port') ?? defaultServicePort(containers)
    const dns = clusterDns !== undefined
    const pairs = services.map((service) => {
      const account = acls ? accountVolume(annotations, service, subject) : undefined
      if (account !== undefined) added.push(account)
      const token = acls ? findToken(annotations, service, containers, [...volumes, ...added]) : undefined
      const init = makeInit({
        service,
        serviceAnnotation: annotations.get('connect-service') ?? '',
        serviceAccountName: pod.spec.serviceAccountName ?? '',
        namespace,
        token,
        logLevel: wishes.logLevel,
        redirect: settings.cni ? undefined : redirect,
        securityContext: initSecurity(wishes.transparentProxy, ids, settings),
      })
      const args = makeArgs({service, servicePort, namespace, annotations, ports, wishes, token, dns})
      const securityContext = sidecarSecurity(ids)
      const parts = {service, annotations, wishes, args, token, mounts, prometheusPort, securityContext}
      return {init, sidecar: sidecarContainer(parts, settings)}
    })

    const env = upstreamEnv(annotations, ports, loopback, containers.length + initContainers.length)
    const changed = {
      containers: withEnv(changeContainers(containers, annotations, wishes), env),
      initContainers: withEnv(initContainers, env),
    }
    const spec = {
      ...pod.spec,
      ...(clusterDns && dnsFields(annotations, pod, namespace, clusterDns, loopback)),
      volumes: [...volumes, ...added],
      ...arrange(changed, pairs, wishes),
    }
    const inserted = [...pairs.map(({sidecar}) => sidecar), ...pairs.map(({init}) => init)]
    refuseDuplicates(annotations, pod, inserted, added)
    const original = originalPod(pod, annotations)
    if (annotations.refusal !== undefined) return {outcome: 'refused', message: annotations.refusal}
    const metadata = injectedMetadata(
      {
        pod,
        original,
        namespace,
        annotations,
        wishes,
        servicePort,
        prometheusPort,
        redirect: settings.cni ? redirect : undefined,
      },
      settings,
    )
    return {
      outcome: 'injected',
      pod: {...pod, metadata, spec},
      sidecars: inserted.map(({name}) => name),
      findings: podFindings(subject, wishes, settings),
    }
  }
}

function readIds(annotations: Annotations, {pod, namespace}: Subject, settings: Settings): Ids {
  if (!settings.openShift) {
    refuseSidecarUser(annotations, pod, settings.dataplaneImage)
    return usualIds
  }
  const reading = openShiftIds(namespace, pod, [settings.dataplaneImage, settings.controlPlaneImage])
  if (reading.ok) return reading.ids
  annotations.refuse(reading.message)
  return usualIds
}

function podFindings({overrides}: Subject, wishes: Wishes, settings: Settings): readonly Finding[] {
  const found = overrideFindings(overrides, wishes)
  if (!wishes.dns || settings.dnsRedirection || settings.clusterDns !== undefined) return found
  return [...found, dnsFinding]
}

/** Said once for a configuration that asks for DNS redirection, else for each pod that does. */
export const dnsFinding: Finding = {
  kind: 'approximated',
  key: 'mesh.consul.clusterDNS',
  message: 'absent, so DNS is not redirected to Consul; write its nameservers',
}
