import type {RuleFinding} from '../mesh/translation.ts'
import {built, type Built} from './built.ts'
import type {Governor} from './governance.ts'
import type {MeshIntent, NamespaceIntent} from './intent.ts'
import type {Origin} from './origin.ts'
import {refused} from './problem.ts'
import type {Site} from './site.ts'
import {meshUnit, namespaceUnit, shownService} from './unit.ts'
import type {View} from './view.ts'

/** What is wanted of all workloads of a namespace. */
export function buildNamespace(namespace: string, view: View): Built {
  const unit = namespaceUnit(namespace)
  const governing = view.governing(namespace)
  const {governor} = governing
  const sources = [governor.site.source]
  if (!governing.ok) return built(unit, governor, {sources, problems: [governing.problem], held: ['everything']})
  if (!view.isGoverned(namespace)) return built(unit, governor, {})
  const usual = view.byDefault().governor
  const intent: NamespaceIntent = {
    namespace,
    settings: governor.configuration.mesh,
    ...(usual === governor ? {} : {byDefault: usual.configuration.mesh}),
    originOf: originsOf(governor.site),
  }
  return built(unit, governor, {
    wanted: {kind: 'namespace', intent},
    sources,
    problems: usual === governor ? [] : astray(governor, view),
  })
}

/** What is wanted of the mesh as a whole; `rejected` are MeshConfigs that were not taken. */
export function buildMesh(rejected: readonly RuleFinding[], view: View): Built {
  const governing = view.byDefault()
  const {governor} = governing
  const sources = [governor.site.source, ...rejected.map(({origin}) => origin.source)]
  if (!governing.ok) {
    return built(meshUnit, governor, {sources, problems: [governing.problem, ...rejected], held: ['everything']})
  }
  const [plaintext] = [...view.governors()]
    .filter((other) => other !== governor && other.configuration.mesh.security?.mutualTLS === false)
    .map(({site}) => site.at(['mesh', 'security', 'mutualTLS']))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
  const intent: MeshIntent = {
    settings: governor.configuration.mesh,
    originOf: originsOf(governor.site),
    ...(plaintext === undefined ? {} : {plaintext}),
  }
  return built(meshUnit, governor, {
    wanted: {kind: 'mesh', intent},
    sources,
    problems: [...rejected, ...astray(governor, view)],
  })
}

function originsOf(site: Site): (path: string) => Origin {
  return (path) => site.at(path.split('.'))
}

/** Rules of a configuration about nothing that it governs. */
function astray({rules, site}: Governor, view: View): readonly RuleFinding[] {
  const {source} = site
  const governs = (namespace: string): boolean => {
    const governing = view.governing(namespace)
    return governing.ok && governing.governor.site.source.name === source.name
  }
  return [
    ...rules.problems,
    ...rules.named.flatMap(({service, feature, path}) => {
      if (governs(service.namespace)) return []
      const message = `namespace ${service.namespace} is governed by another configuration, so that nothing comes of a rule about ${shownService(service)}`
      return [refused('MW6017', feature, site.at(path), message)]
    }),
  ]
}
