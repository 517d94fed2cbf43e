import type {Finding} from '../mesh/finding.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {NamespaceFacts} from '../mesh/objects.ts'
import type {Container, Pod, SecurityContext} from '../mesh/pod.ts'

export const enforceLabel = 'pod-security.kubernetes.io/enforce'

type Standard = 'baseline' | 'restricted'

/** What keeps a mesh's sidecar within a standard. */
interface Remedy {
  /** The init containers that capture the pod's traffic, and what has the mesh's CNI plugin do so in their place. */
  readonly captures: RegExp
  readonly cni: string
  /** Gives a seccomp profile to containers that have none by default. */
  readonly seccomp?: string
}

const remedies: Readonly<Record<MeshName, Remedy>> = {
  istio: {
    captures: /^istio-init$/,
    cni: 'mesh.istio.values.pilot.cni.enabled',
    seccomp: 'mesh.istio.values.global.proxy.seccompProfile',
  },
  linkerd: {captures: /^linkerd-init$/, cni: 'mesh.linkerd.values.cniEnabled'},
  // One for each service of the pod, with the service's name behind it where there are several.
  consul: {captures: /^consul-connect-inject-init(-|$)/, cni: 'mesh.consul.values.connectInject.cni.enabled'},
}

/** What Pod Security's baseline lets a container add (k8s.io/pod-security-admission 0.36, check_capabilities_baseline.go). */
const baselineCapabilities: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

/**
 * Says what would make the sidecar fit into its namespace, where the API server is about to refuse the pod because of it:
 * Pod Security judges after every webhook, and knows nothing of the settings that its complaint comes from.
 */
export function podSecurityFindings(
  pod: Pod,
  sidecars: readonly string[],
  namespace: NamespaceFacts,
  mesh: MeshName,
): readonly Finding[] {
  const standard = enforced(namespace)
  if (standard === undefined) return []
  const needs = new Set<string>()
  const {containers, initContainers = [], securityContext = {}} = pod.spec
  for (const container of [...initContainers, ...containers]) {
    if (!sidecars.includes(container.name)) continue
    const {captures, cni, seccomp} = remedies[mesh]
    const excess = privilege(container, securityContext, standard)
    if (excess !== undefined) {
      needs.add(captures.test(container.name) ? `needs ${cni}` : `refuses the container ${container.name}: ${excess}`)
    }
    if (standard === 'restricted' && !hasSeccomp(container.securityContext) && !hasSeccomp(securityContext)) {
      needs.add(
        seccomp === undefined ? `refuses the container ${container.name}: no seccompProfile` : `needs ${seccomp}`,
      )
    }
  }
  return [...needs].map((need) => ({kind: 'forbidden', key: enforceLabel, message: `${standard} ${need}`}))
}

function enforced({labels}: NamespaceFacts): Standard | undefined {
  const level = Object.hasOwn(labels, enforceLabel) ? labels[enforceLabel] : undefined
  return level === 'baseline' || level === 'restricted' ? level : undefined
}

/** What the container may do beyond the standard, in its fields' own words; undefined where it keeps it. */
function privilege(
  {securityContext: own = {}}: Container,
  ofPod: SecurityContext,
  standard: Standard,
): string | undefined {
  if (own.privileged === true) return 'privileged'
  const {add = [], drop = []} = own.capabilities ?? {}
  const restricted = standard === 'restricted'
  const beyond = add.find((name) => (restricted ? name !== 'NET_BIND_SERVICE' : !baselineCapabilities.has(name)))
  if (beyond !== undefined) return `capability ${beyond}`
  if (!restricted) return undefined
  if (!drop.includes('ALL')) return 'not all capabilities dropped'
  if (own['allowPrivilegeEscalation'] !== false) return 'allowPrivilegeEscalation'
  if ((own.runAsNonRoot ?? ofPod.runAsNonRoot) !== true || own.runAsUser === 0) return 'may run as root'
  return undefined
}

function hasSeccomp(context: SecurityContext | undefined): boolean {
  const profile = context?.['seccompProfile']
  if (typeof profile !== 'object' || profile === null || !('type' in profile)) return false
  return profile.type === 'RuntimeDefault' || profile.type === 'Localhost'
}
