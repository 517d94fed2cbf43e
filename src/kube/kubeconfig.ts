import {readFile} from 'node:fs/promises'
import {delimiter, dirname, isAbsolute, join, resolve} from 'node:path'
import {parse} from 'yaml'
import {z} from 'zod'

/** Where the cluster and the credentials come from, in kubectl's order: `kubeconfig`, `$KUBECONFIG`, `~/.kube/config`, the pod. */
export interface KubeconfigSource {
  /** `--kubeconfig`. */
  readonly kubeconfig?: string
  /** `--context`; the kubeconfig's current one where absent. */
  readonly context?: string
  /** The process's: KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A kubeconfig cannot be used; one sentence. */
export class KubeconfigError extends Error {
  override name = 'KubeconfigError'
}

const named = z.looseObject({name: z.string().min(1)})
const entries = z.looseObject({
  'current-context': z.string().nullish(),
  clusters: z.array(named.extend({cluster: z.looseObject({server: z.string()})})).nullish(),
  contexts: z
    .array(named.extend({context: z.looseObject({cluster: z.string(), user: z.string().nullish()})}))
    .nullish(),
  users: z.array(named.extend({user: z.looseObject({}).nullish()})).nullish(),
})

/** Of a context that names no user: without one, client-node leaves out the certificates of the cluster as well. */
const nobody = '(nobody)'

type User = Readonly<Record<string, unknown>>

/** A kubeconfig in the form that client-node understands. */
export interface Kubeconfig {
  readonly 'current-context': string
  readonly clusters: readonly {readonly name: string; readonly cluster: Readonly<Record<string, unknown>>}[]
  readonly contexts: readonly {readonly name: string; readonly context: Readonly<Record<string, unknown>>}[]
  readonly users: readonly {readonly name: string; readonly user: User}[]
}

/**
 * The kubeconfig of a machine, merged as kubectl merges several files: the first that names something wins, paths are
 * relative to the file they stand in. Undefined where there is none, as in a pod.
 *
 * client-node 2.0.1 refuses a name that two files have, fails on a file that is not there, and does not know `tokenFile`
 * nor KUBERNETES_EXEC_INFO; all of that is settled here.
 *
 * @throws KubeconfigError
 */
export async function readKubeconfig({kubeconfig, context, env}: KubeconfigSource): Promise<Kubeconfig | undefined> {
  const found: Kubeconfig[] = []
  for (const path of files(kubeconfig, env)) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && kubeconfig === undefined) return undefined
      throw new KubeconfigError(`cannot read the kubeconfig ${path}: ${error.message}`)
    })
    if (text !== undefined) found.push(read(text, path))
  }
  if (found.length === 0) return undefined
  const current = context ?? found.map((one) => one['current-context']).find((name) => name !== '')
  if (current === undefined) {
    throw new KubeconfigError('the kubeconfig has no current-context: set one, or name it with --context')
  }
  const merged = {
    'current-context': current,
    clusters: firstOfEach(found.flatMap(({clusters}) => clusters)),
    contexts: firstOfEach(found.flatMap(({contexts}) => contexts)),
    users: firstOfEach(found.flatMap(({users}) => users)),
  }
  const chosen = merged.contexts.find(({name}) => name === current)
  if (chosen === undefined) {
    const known = merged.contexts.map(({name}) => name).join(', ') || 'none'
    throw new KubeconfigError(`the kubeconfig has no context ${current}; it has: ${known}`)
  }
  const cluster = merged.clusters.find(({name}) => name === chosen.context['cluster'])
  if (cluster === undefined) throw new KubeconfigError(`context ${current} names a cluster that the kubeconfig has not`)
  const users = [...merged.users, {name: nobody, user: {}}]
  return {...merged, users: users.map((entry) => ({...entry, user: withExecInfo(entry.user, cluster.cluster)}))}
}

function files(file: string | undefined, env: KubeconfigSource['env']): readonly string[] {
  if (file !== undefined) return [resolve(file)]
  const {KUBECONFIG: list = '', HOME: home = ''} = env
  if (list !== '') return list.split(delimiter).filter((path) => path !== '')
  return home === '' ? [] : [join(home, '.kube', 'config')]
}

function read(text: string, path: string): Kubeconfig {
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig ${path} is not YAML: ${error instanceof Error ? error.message : ''}`)
  }
  const result = entries.safeParse(document ?? {})
  if (!result.success) {
    const [issue] = result.error.issues
    throw new KubeconfigError(
      `the kubeconfig ${path} is wrong at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    )
  }
  const {clusters, contexts, users, 'current-context': current} = result.data
  const absolute = (value: unknown) =>
    typeof value === 'string' && value !== '' && !isAbsolute(value) ? join(dirname(path), value) : value
  return {
    'current-context': current ?? '',
    clusters: (clusters ?? []).map(({name, cluster}) => ({
      name,
      cluster: mapped(cluster, ['certificate-authority'], absolute),
    })),
    contexts: (contexts ?? []).map(({name, context}) => ({name, context: {...context, user: context.user ?? nobody}})),
    users: (users ?? []).map(({name, user}) => ({
      name,
      user: withTokenFile(mapped(user ?? {}, ['client-certificate', 'client-key', 'tokenFile'], absolute), absolute),
    })),
  }
}

function mapped(
  entry: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  change: (value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  const own = keys.filter((key) => Object.hasOwn(entry, key))
  return {...entry, ...Object.fromEntries(own.map((key) => [key, change(entry[key])]))}
}

/** As client-node knows a file that is read again and again; and a plugin's path is relative where it has a slash. */
function withTokenFile({tokenFile, ...user}: User, absolute: (path: unknown) => unknown): User {
  const {exec} = user
  const plugin =
    isRecord(exec) && typeof exec['command'] === 'string' && exec['command'].includes('/')
      ? {exec: {...exec, command: absolute(exec['command'])}}
      : {}
  const file = tokenFile === undefined ? {} : {'auth-provider': {name: 'tokenFile', config: {tokenFile}}}
  return {...user, ...plugin, ...file}
}

/** What a plugin is told by its environment (client.authentication.k8s.io, ExecCredential). */
function withExecInfo(user: User, cluster: Readonly<Record<string, unknown>>): User {
  const {exec} = user
  if (!isRecord(exec)) return user
  const {apiVersion, env, provideClusterInfo} = exec
  const spec = {interactive: false, ...(provideClusterInfo === true ? {cluster} : {})}
  const value = JSON.stringify({apiVersion, kind: 'ExecCredential', spec})
  return {
    ...user,
    exec: {...exec, env: [...(Array.isArray(env) ? env : []), {name: 'KUBERNETES_EXEC_INFO', value}]},
  }
}

function firstOfEach<T extends {readonly name: string}>(all: readonly T[]): readonly T[] {
  const names = new Set<string>()
  return all.filter(({name}) => !names.has(name) && names.add(name))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
