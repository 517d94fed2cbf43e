import {existsSync, readFileSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import {meshNames, type MeshName} from '../mesh/mesh.ts'
import {MeshConfigError} from './errors.ts'
import type {Mode} from './mesh.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** What the process and the machine around it say. */
export interface Environment {
  /** MESHWRIGHT_MODE. */
  readonly mode: Mode | undefined
  /** MESHWRIGHT_ENV: an environment of the configuration. */
  readonly chosen: string | undefined
  /** NODE_ENV. */
  readonly node: string | undefined
  /** MESHWRIGHT_NAMESPACE, else the pod's. */
  readonly namespace: string | undefined
  /** MESHWRIGHT_SERVICE, else OTEL_SERVICE_NAME. */
  readonly service: string | undefined
  /** MESHWRIGHT_VERSION. */
  readonly version: string | undefined
  /** MESHWRIGHT_SERVICES: endpoints, or the path of a file of them. */
  readonly services: string | undefined
  /** MESHWRIGHT_CONFIG: paths, as PATH has them. */
  readonly configurations: readonly string[]
  /** MESHWRIGHT_RULES: paths, as PATH has them. */
  readonly rules: readonly string[]
  /** MESHWRIGHT_PROMETHEUS: the URL of the Prometheus that scrapes the mesh. */
  readonly prometheus: string | undefined
  /** MESHWRIGHT_MESH: whose metrics these are. */
  readonly mesh: MeshName | undefined
  readonly hasKubeconfig: boolean
  readonly isPod: boolean
  /** For whoever connects to the cluster. */
  readonly variables: Variables
}

/** Of a process that was told nothing, on a machine that knows no cluster. */
export const noEnvironment: Environment = {
  mode: undefined,
  chosen: undefined,
  node: undefined,
  namespace: undefined,
  service: undefined,
  version: undefined,
  services: undefined,
  configurations: [],
  rules: [],
  prometheus: undefined,
  mesh: undefined,
  hasKubeconfig: false,
  isPod: false,
  variables: {},
}

const serviceAccountNamespace = 'var/run/secrets/kubernetes.io/serviceaccount/namespace'

/**
 * The one place where the SDK looks at the process's environment.
 *
 * @param root where the pod's file system begins
 * @throws MeshConfigError for a MESHWRIGHT_MODE or MESHWRIGHT_MESH that is none
 */
export function readEnvironment(variables: Variables = process.env, root = '/'): Environment {
  const value = (name: string) => variables[name] || undefined
  return {
    mode: modeOf(value('MESHWRIGHT_MODE')),
    chosen: value('MESHWRIGHT_ENV'),
    node: value('NODE_ENV'),
    namespace: value('MESHWRIGHT_NAMESPACE') ?? namespaceOfPod(join(root, serviceAccountNamespace)),
    service: value('MESHWRIGHT_SERVICE') ?? value('OTEL_SERVICE_NAME'),
    version: value('MESHWRIGHT_VERSION'),
    services: value('MESHWRIGHT_SERVICES'),
    configurations: paths(value('MESHWRIGHT_CONFIG')),
    rules: paths(value('MESHWRIGHT_RULES')),
    prometheus: value('MESHWRIGHT_PROMETHEUS'),
    mesh: meshOf(value('MESHWRIGHT_MESH')),
    hasKubeconfig: kubeconfigs(variables).some((file) => existsSync(file)),
    isPod: value('KUBERNETES_SERVICE_HOST') !== undefined,
    variables,
  }
}

/** The port that the kubelet tells the pods of a namespace for each of its Services: ORDER_SERVICE_SERVICE_PORT. */
export function portFromKubelet(variables: Variables, service: string): number | undefined {
  const port = Number(variables[`${service.toUpperCase().replaceAll('-', '_')}_SERVICE_PORT`])
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined
}

function modeOf(text: string | undefined): Mode | undefined {
  if (text === undefined || text === 'local' || text === 'cluster') return text
  throw new MeshConfigError(`MESHWRIGHT_MODE must be local or cluster, found ${JSON.stringify(text)}`)
}

function meshOf(text: string | undefined): MeshName | undefined {
  const mesh = meshNames.find((name) => name === text)
  if (mesh !== undefined || text === undefined) return mesh
  throw new MeshConfigError(`MESHWRIGHT_MESH must be ${meshNames.join(', ')}, found ${JSON.stringify(text)}`)
}

function namespaceOfPod(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

function paths(list: string | undefined): readonly string[] {
  return (list ?? '').split(delimiter).filter((path) => path !== '')
}

/** Where kubectl looks. */
function kubeconfigs({KUBECONFIG: list, HOME: home}: Variables): readonly string[] {
  const named = paths(list)
  if (named.length > 0) return named
  return home === undefined || home === '' ? [] : [join(home, '.kube', 'config')]
}
