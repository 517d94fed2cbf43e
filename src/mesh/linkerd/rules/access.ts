import type {ServiceFacts, ServiceIntent} from '../../../intent/intent.ts'
import type {Feature} from '../../../intent/features.ts'
import type {Origin} from '../../../intent/origin.ts'
import type {Desired, Part} from '../../translation.ts'
import {own} from '../annotations.ts'
import {partOf} from '../../part.ts'
import {accessCells, isScoped, type Cell} from './access-cells.ts'
import {accessRoutes} from './access-routes.ts'
import {Authorizations} from './authorization.ts'
import {callersKey, everybody, nobody, resolveRules, type Callers, type ResolvedRule} from './callers.ts'
import {Findings} from './findings.ts'
import type {InstalledPolicy} from './installed-policy.ts'
import {objectOf, serverKind} from './kinds.ts'
import {versionAnnotation} from './version-service.ts'
import {probePaths, serverPorts, sharing, type ServerPort} from './server-port.ts'

/** Who may call a service: a Server for each port of its pods, and what it lets in. */
export function accessPart(intent: ServiceIntent, installed: InstalledPolicy): Part | undefined {
  const {service, facts, access, mutualTLS} = intent
  const rules = access?.rules ?? []
  const strict = mutualTLS?.value === true
  const origins = [...rules.map(({origin}) => origin), ...(mutualTLS?.value === true ? [mutualTLS.origin] : [])]
  const [origin] = origins
  if (origin === undefined) return undefined
  // The Service of a version picks pods that the service's own Server holds for.
  if (rules.length === 0 && own(facts?.annotations, versionAnnotation) !== undefined) return undefined
  const feature: Feature =
    rules[0] === undefined ? 'mutual-tls' : rules[0].action === 'ALLOW' ? 'allow-service' : 'deny'
  const findings = new Findings()
  const ports = guardedPorts(intent, origin, feature, installed, findings)
  if (facts === undefined || ports === undefined) return partOf('access', origins, findings)
  if (rules.length === 0) {
    const servers = ports
      .filter((port) => !isLeftToAnother(port, service.name, facts))
      .map((port) => server(intent, facts, port, 'all-authenticated'))
    return partOf('access', origins, findings, servers)
  }
  for (const port of ports) refuseShared(port, facts, origin, feature, findings)
  const resolved = resolveRules(rules, findings)
  if (resolved === undefined) return partOf('access', origins, findings)
  const defaults = defaultsOf(resolved, strict, installed, findings)
  const authorizations = new Authorizations(service, defaults.meshedOnly, installed.probeNetworks)
  const routes: Desired[] = []
  for (const port of ports) {
    const name = serverName(service.name, port)
    const cells = cellsOf(intent, port, resolved, defaults, findings)
    const [first] = cells
    if (first === undefined) continue
    if (cells.every(({callers, probe}) => !probe && callersKey(callers) === callersKey(first.callers)))
      authorizations.allow(first.callers, serverKind, name)
    else {
      const place = {namespace: service.namespace, server: name, origin}
      for (const route of accessRoutes(place, cells, authorizations, findings)) routes.push(route)
    }
  }
  const servers = ports.map((port) => server(intent, facts, port, 'deny'))
  return partOf('access', origins, findings, [...authorizations.desired, ...routes, ...servers])
}

/** mTLS between proxies is not a setting of Linkerd. */
export function plaintextPart({service, mutualTLS}: ServiceIntent): Part | undefined {
  if (mutualTLS === undefined || mutualTLS.value) return undefined
  const findings = new Findings()
  findings.refused(
    'MW6230',
    'plaintext',
    mutualTLS.origin,
    `calls to ${service.name} between meshed pods always use mutual TLS`,
  )
  return partOf('plaintext', [mutualTLS.origin], findings)
}

function guardedPorts(
  {service, facts, protocol}: ServiceIntent,
  origin: Origin,
  feature: Feature,
  installed: InstalledPolicy,
  findings: Findings,
): readonly ServerPort[] | undefined {
  if (facts === undefined) {
    findings.refused('MW6208', feature, origin, `the selector and the ports of Service ${service.name} are not known`)
    return undefined
  }
  const ports = Object.keys(facts.selector).length === 0 ? [] : serverPorts(facts, protocol === 'tcp', installed)
  if (ports.length > 0) return ports
  const message = `Service ${service.name} picks no TCP port of any pod`
  // Mutual TLS is asked of all Services of a namespace, and such a one has nothing that could be asked.
  if (feature === 'mutual-tls') findings.ignored('MW6237', feature, origin, message)
  else findings.refused('MW6237', feature, origin, message)
  return undefined
}

/** One Server stands for a port: that of access rules, else that of the first name. */
function isLeftToAnother(port: ServerPort, name: string, facts: ServiceFacts): boolean {
  return sharing(port, facts).some((other) => other.guarded === 'access' || other.name < name)
}

function refuseShared(
  port: ServerPort,
  facts: ServiceFacts,
  origin: Origin,
  feature: Feature,
  findings: Findings,
): void {
  const other = sharing(port, facts).find(({guarded}) => guarded === 'access')
  if (other !== undefined)
    findings.refused(
      'MW6236',
      feature,
      origin,
      `Service ${other.name} has access rules for the same pods on port ${port.port}`,
    )
}

interface Defaults {
  /** Whoever may call where no ALLOW rule says who. */
  readonly unnamed: Callers
  /** Everybody means everybody with an identity. */
  readonly meshedOnly: boolean
}

/** What the install's own policy lets in: a port with a Server has no other default. */
function defaultsOf(
  rules: readonly ResolvedRule[],
  strict: boolean,
  {defaultInboundPolicy}: InstalledPolicy,
  findings: Findings,
): Defaults {
  const [first] = rules
  if (first === undefined || rules.some(({rule}) => rule.action === 'ALLOW'))
    return {unnamed: nobody, meshedOnly: strict}
  if (defaultInboundPolicy === 'deny') return {unnamed: nobody, meshedOnly: strict}
  if (strict || defaultInboundPolicy === 'all-authenticated') return {unnamed: everybody, meshedOnly: true}
  if (defaultInboundPolicy !== 'all-unauthenticated')
    findings.refused(
      'MW6233',
      'deny',
      first.rule.origin,
      `no list of names says everybody that proxy.defaultInboundPolicy ${defaultInboundPolicy} lets in`,
    )
  return {unnamed: everybody, meshedOnly: false}
}

function cellsOf(
  {service, facts, registration}: ServiceIntent,
  port: ServerPort,
  rules: readonly ResolvedRule[],
  {unnamed, meshedOnly}: Defaults,
  findings: Findings,
): readonly Cell[] {
  const first = rules.find((one) => isScoped([one]))
  if (first !== undefined && port.protocol === 'opaque') {
    findings.refused(
      'MW6234',
      scopeFeature(first),
      first.rule.origin,
      `port ${port.port} of ${service.name} is plain TCP to Linkerd`,
    )
    return []
  }
  const cells = accessCells(rules, [], unnamed)
  if (!cells.ok) {
    const {origin} = cells.denial
    const message = 'Linkerd allows by name and cannot say everybody, or a whole namespace, but for whom the rule names'
    findings.refused('MW6233', 'deny', origin, message)
    return []
  }
  const sets = new Set(cells.cells.map(({callers}) => callersKey(callers)))
  const everyone = cells.cells.every(({callers}) => callers.kind === 'everybody' && !meshedOnly)
  if (first === undefined || sets.size === 1 || everyone) return cells.cells
  // Without routes the policy controller lets probes in by itself; with them it leaves that to the routes.
  const known = probePaths(port, facts?.pods ?? [])
  const said = registration?.healthCheck?.path
  if (known === undefined && said === undefined) {
    const message = `the kubelet's HTTP probes of port ${port.port} are not known, and are turned away where no rule lets everybody in`
    findings.approximated('MW6235', scopeFeature(first), first.rule.origin, message)
  }
  const probes = new Set([...(known ?? []), ...(said === undefined ? [] : [said])])
  const withProbes = probes.size === 0 ? cells : accessCells(rules, [...probes].sort(), unnamed)
  return withProbes.ok ? withProbes.cells : []
}

function scopeFeature({rule}: ResolvedRule): Feature {
  return rule.methods.length > 0 ? 'access-method' : 'access-path'
}

function server({service}: ServiceIntent, {selector}: ServiceFacts, port: ServerPort, accessPolicy: string): Desired {
  const spec = {podSelector: {matchLabels: selector}, port: port.target, proxyProtocol: port.protocol, accessPolicy}
  return {object: objectOf(serverKind, service.namespace, serverName(service.name, port), spec), mode: 'own'}
}

/** A dot, which no name of a Service has, keeps `a` with port 80 and `a-80` apart. */
function serverName(service: string, {port}: ServerPort): string {
  return `${service}.${port}`
}
