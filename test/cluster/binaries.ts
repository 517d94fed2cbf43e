import {spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {access, constants, mkdir, readdir, readFile, rename, rm} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join, resolve} from 'node:path'
import {withLock} from './lock.ts'

/** Absolute paths of the programs a cluster is made of. */
export type Binaries = {
  readonly etcd: string
  readonly kubeApiserver: string
  readonly kubeControllerManager: string
  readonly kubeScheduler: string
  readonly kubectl: string
  readonly kwok: string
}

type Target = {readonly name: string; readonly module: string; readonly package: string}

const CONTROL_PLANE = import.meta.dirname
const KWOK = join(import.meta.dirname, 'kwok')

const TARGETS: readonly Target[] = [
  {name: 'etcd', module: CONTROL_PLANE, package: 'go.etcd.io/etcd/server/v3'},
  {name: 'kube-apiserver', module: CONTROL_PLANE, package: 'k8s.io/kubernetes/cmd/kube-apiserver'},
  {name: 'kube-controller-manager', module: CONTROL_PLANE, package: 'k8s.io/kubernetes/cmd/kube-controller-manager'},
  {name: 'kube-scheduler', module: CONTROL_PLANE, package: 'k8s.io/kubernetes/cmd/kube-scheduler'},
  {name: 'kubectl', module: CONTROL_PLANE, package: 'k8s.io/kubernetes/cmd/kubectl'},
  {name: 'kwok', module: KWOK, package: 'sigs.k8s.io/kwok/cmd/kwok'},
]

/** Helm is no part of the cluster: it is built where a test asks for it, and the cluster is not built anew for it. */
const HELM: Target = {
  name: 'helm',
  module: join(import.meta.dirname, 'helm'),
  package: 'helm.sh/helm/v4/cmd/helm',
}

const CERT_MANAGER: Target = {name: 'cert-manager', module: join(import.meta.dirname, 'cert-manager'), package: '.'}

const GOFLAGS = '-trimpath -buildvcs=false -mod=readonly'

/**
 * The programs of the test cluster, built by Go where they are not built yet (about 6 minutes on two cores).
 *
 * They are kept outside the repository, in `$XDG_CACHE_HOME/meshwright/cluster/HASH` (default `~/.cache`), under a hash
 * of everything that shapes them. A program found in the folder `KUBEBUILDER_ASSETS` is taken from there instead.
 * Each is built aside and renamed, so an interrupted build goes on where it stopped; two at once wait for each other.
 *
 * @param report gets a line of progress; silent when nothing has to be built
 * @throws when Go is missing, too old, or fails, with a sentence that says what to do
 */
export async function ensureBinaries(
  report: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
  env: NodeJS.ProcessEnv = process.env,
): Promise<Binaries> {
  const assets = await assetsFolder(env['KUBEBUILDER_ASSETS'])
  const ldflags = `-s -w -X k8s.io/component-base/version.gitVersion=${await kubernetesVersion()}`
  const cache = await cacheFolder('cluster', [...lockOf(CONTROL_PLANE), ...lockOf(KWOK)], env, ldflags)
  const build = TARGETS.filter(({name}) => !assets.programs.has(name))
  await ensure(build, cache, ldflags, env, report)

  const at = (name: string) => join(assets.programs.has(name) ? assets.folder : cache, name)
  return {
    etcd: at('etcd'),
    kubeApiserver: at('kube-apiserver'),
    kubeControllerManager: at('kube-controller-manager'),
    kubeScheduler: at('kube-scheduler'),
    kubectl: at('kubectl'),
    kwok: at('kwok'),
  }
}

/**
 * The path of Helm, built as the cluster's programs are, in a folder of its own beside theirs.
 *
 * @throws as `ensureBinaries`
 */
export async function ensureHelm(
  report: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  // Without a version in the binary it calls itself a pre-release, which no chart's kubeVersion minds.
  const ldflags = '-s -w'
  const cache = await cacheFolder('helm', lockOf(HELM.module), env, ldflags)
  await ensure([HELM], cache, ldflags, env, report)
  return join(cache, HELM.name)
}

/** cert-manager's controllers, and the folder of its CRDs. */
export type CertManager = {readonly program: string; readonly crds: string}

/**
 * cert-manager, built as Helm is.
 *
 * @throws as `ensureBinaries`
 */
export async function ensureCertManager(
  report: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
  env: NodeJS.ProcessEnv = process.env,
): Promise<CertManager> {
  const ldflags = '-s -w'
  const {module, name} = CERT_MANAGER
  const cache = await cacheFolder(name, [...lockOf(module), join(module, 'main.go')], env, ldflags)
  await ensure([CERT_MANAGER], cache, ldflags, env, report)
  const source = 'github.com/cert-manager/cert-manager'
  const {code, output} = await go(['mod', 'download', '-json', source], module, {...env, GOWORK: 'off'})
  const [, dir] = /"Dir": "([^"]+)"/.exec(output) ?? []
  if (code !== 0 || dir === undefined) throw new Error(`go mod download ${source} failed in ${module}:\n${output}`)
  return {program: join(cache, name), crds: join(dir, 'deploy/crds')}
}

async function ensure(
  targets: readonly Target[],
  cache: string,
  ldflags: string,
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<void> {
  if ((await missing(targets, cache)).length === 0) return
  await mkdir(cache, {recursive: true})
  await withLock(
    join(cache, 'lock'),
    () => report(`another process is building in ${cache}: waiting for it`),
    async () => {
      await removeLeftovers(cache)
      await buildAll(await missing(targets, cache), cache, ldflags, env, report)
    },
  )
}

async function assetsFolder(setting: string | undefined): Promise<{folder: string; programs: ReadonlySet<string>}> {
  if (!setting) return {folder: '', programs: new Set()}
  const folder = resolve(setting)
  const lacking = await missing(TARGETS, folder)
  const programs = new Set(TARGETS.filter((target) => !lacking.includes(target)).map(({name}) => name))
  if (programs.size === 0) {
    throw new Error(
      `KUBEBUILDER_ASSETS is ${setting}, where no kube-apiserver, etcd or kubectl stands: ` +
        'name the folder that holds them, or unset it to have them built',
    )
  }
  return {folder, programs}
}

async function missing(targets: readonly Target[], folder: string): Promise<Target[]> {
  const found = await Promise.all(targets.map(({name}) => isExecutable(join(folder, name))))
  return targets.filter((_, index) => !found[index])
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Read from go.mod, so that the version stands in one place. Without it in the binary, `kubectl version` fails. */
async function kubernetesVersion(): Promise<string> {
  const text = await readFile(join(CONTROL_PLANE, 'go.mod'), 'utf8')
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(text)?.[1]
  if (version === undefined) throw new Error(`${join(CONTROL_PLANE, 'go.mod')} requires no k8s.io/kubernetes`)
  return version
}

const lockOf = (module: string): readonly string[] => [join(module, 'go.mod'), join(module, 'go.sum')]

async function cacheFolder(
  name: string,
  shaping: readonly string[],
  env: NodeJS.ProcessEnv,
  ldflags: string,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([GOFLAGS, ldflags, process.platform, process.arch]))
  for (const file of shaping) hash.update(await readFile(file))
  const root = env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return join(root, 'meshwright', name, hash.digest('hex').slice(0, 16))
}

const LEFTOVER = '.building'

async function removeLeftovers(cache: string): Promise<void> {
  for (const file of await readdir(cache)) {
    if (file.endsWith(LEFTOVER)) await rm(join(cache, file), {force: true})
  }
}

async function buildAll(
  targets: readonly Target[],
  cache: string,
  ldflags: string,
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<void> {
  if (targets.length === 0) return
  // The user's own GOFLAGS or workspace could select other modules than the go.sum beside this file.
  const goEnv = {...env, CGO_ENABLED: '0', GOFLAGS, GOWORK: 'off', GOOS: '', GOARCH: ''}
  await requireGo(goEnv)
  const programs = targets.map(({name}) => name).join(', ')
  report(`building ${programs} into ${cache}: once, some minutes on two cores when Go's own cache is empty`)
  for (const [index, target] of targets.entries()) {
    const started = Date.now()
    report(`  ${target.name} (${index + 1} of ${targets.length}) ...`)
    const partial = join(cache, `${target.name}.${process.pid}${LEFTOVER}`)
    const args = ['build', '-ldflags', ldflags, '-o', partial, target.package]
    const result = await go(args, target.module, goEnv)
    if (result.code !== 0) {
      throw new Error(`go build ${target.package} failed in ${target.module}:\n${result.output.slice(-4_000)}`)
    }
    await rename(partial, join(cache, target.name))
    report(`  ${target.name} built in ${Math.round((Date.now() - started) / 1000)} s`)
  }
}

async function requireGo(env: NodeJS.ProcessEnv): Promise<void> {
  const advice =
    'install it from https://go.dev/dl/ (the version is in test/cluster/go.mod), ' +
    'or put the programs into a folder and name it in KUBEBUILDER_ASSETS'
  // The cheapest command that reads go.mod: it fails where the toolchain is older than go.mod wants.
  const check = await go(['list', '-m'], CONTROL_PLANE, env).catch((error: unknown) => {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'is not on PATH' : String(error)
    throw new Error(`the test cluster is built by Go, and go ${reason}: ${advice}`, {cause: error})
  })
  if (check.code !== 0) throw new Error(`Go cannot build the test cluster (${check.output.trim()}): ${advice}`)
}

function go(args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<{code: number | null; output: string}> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {cwd, env, stdio: ['ignore', 'pipe', 'pipe']})
    let output = ''
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', reject)
    child.on('close', (code) => resolve({code, output}))
  })
}
