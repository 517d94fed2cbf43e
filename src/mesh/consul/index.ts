import type {Configuration} from '../../config/schema.ts'
import {repositoryOf} from '../image.ts'
import type {Injector, Mesh, Resolution} from '../mesh.ts'
import type {Objects} from '../objects.ts'
import type {Container, KubeObject, Pod} from '../pod.ts'
import {nativeVerdict} from './decide.ts'
import {findEvasions} from './evasions.ts'
import {dnsFinding, injection} from './inject.ts'
import {injectKey, isSidecarName, releaseNamespace, statusKey} from './keys.ts'
import {needs} from './needs.ts'
import {readNeutral} from './neutral.ts'
import {readSettings} from './settings.ts'
import {uninject} from './uninject.ts'

/** Consul Connect, as consul-k8s 2.0.3 injects it. */
export const consul: Mesh = {
  name: 'consul',
  resolve,
  // Consul keeps nothing of its chart's values in the cluster.
  complete: (configuration) => ({ok: true, configuration}),
  needs,
  uninject,
}

function resolve(config: Configuration, objects: Objects): Resolution {
  const neutral = readNeutral(config)
  const reading = readSettings(config, neutral, objects)
  if (!reading.ok) return reading
  const {settings} = reading
  const inject = injection(settings)
  const ours = repositoryOf(settings.dataplaneImage)
  const injector: Injector = {
    findings: [
      ...neutral.findings,
      ...(settings.dnsRedirection && settings.clusterDns === undefined ? [dnsFinding] : []),
    ],
    systemNamespaces: [releaseNamespace],
    switches: [injectKey, statusKey],
    native: (subject) => nativeVerdict(subject, settings),
    inject: (subject) => {
      const sidecar = findSidecar(subject.pod, ours)
      if (sidecar === undefined) return inject(subject)
      return {outcome: 'skipped', code: 'MW1115', reason: `container ${sidecar} is Consul's sidecar already`}
    },
    carries: (pod) => findSidecar(pod, ours) !== undefined,
    annotate: <T extends KubeObject>(object: T) => object,
    evasions: (subject) => findEvasions(subject, settings),
  }
  return {ok: true, injector}
}

/** A tenant may name a container as it likes, so a sidecar is known by its image too, whatever its tag. */
function findSidecar({spec}: Pod, ours: string): string | undefined {
  const is = ({name, image = ''}: Container) => isSidecarName(name) && repositoryOf(image) === ours
  return (spec.containers.find(is) ?? spec.initContainers?.find(is))?.name
}
