import {chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {ensureBinaries, ensureCertManager, ensureHelm} from './binaries.ts'

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kwok']

let dir: string
let env: NodeJS.ProcessEnv

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'binaries-'))
  await mkdir(join(dir, 'bin'))
  env = {PATH: `${join(dir, 'bin')}:/usr/bin:/bin`, XDG_CACHE_HOME: join(dir, 'cache'), STAND_IN: dir}
})

afterEach(() => rm(dir, {recursive: true}))

async function program(file: string, script: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
}

/** Stands in for the Go toolchain: notes the package and writes the program, or fails where $STAND_IN/fail names it. */
const installGo = () =>
  program(
    join(dir, 'bin', 'go'),
    `[ "$1" = list ] && exit 0
     [ "$1" = mod ] && echo '{"Path": "'"$4"'", "Dir": "/modules/'"$4"'"}' && exit 0
     out= ; for word; do [ "$last" = -o ] && out=$word; last=$word; done
     echo "$last" >>"$STAND_IN/built"
     printf x >"$out"
     case $last in */"$(cat "$STAND_IN/fail" 2>/dev/null)") echo "cannot compile $last" >&2; exit 1 ;; esac
     chmod +x "$out"`,
  )

const silent = () => undefined

const built = async () =>
  (await readFile(join(dir, 'built'), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean)

test('builds every program once, into the cache folder', async () => {
  await installGo()
  const lines: string[] = []
  const binaries = await ensureBinaries((line) => lines.push(line), env)
  const folder = dirname(binaries.kwok)
  expect(folder.startsWith(join(dir, 'cache', 'meshwright', 'cluster'))).toBe(true)
  expect((await readdir(folder)).sort()).toEqual(PROGRAMS)
  expect(lines.filter((line) => / built in \d+ s$/.test(line))).toHaveLength(6)

  lines.length = 0
  expect(await ensureBinaries((line) => lines.push(line), env)).toEqual(binaries)
  expect(await built()).toHaveLength(6)
  expect(lines).toEqual([])
})

test('goes on where a failed build stopped, and leaves no half-written program', async () => {
  await installGo()
  await writeFile(join(dir, 'fail'), 'kube-scheduler')
  await expect(ensureBinaries(silent, env)).rejects.toThrow(/kube-scheduler failed in .*test\/cluster:\ncannot compile/)
  await rm(join(dir, 'fail'))
  const {etcd} = await ensureBinaries(silent, env)
  expect((await readdir(dirname(etcd))).sort()).toEqual(PROGRAMS)
  expect((await built()).map((name) => name.split('/').at(-1))).toEqual([
    'v3',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-scheduler',
    'kubectl',
    'kwok',
  ])
})

test('builds once when two start at the same time', async () => {
  await installGo()
  await Promise.all([ensureBinaries(silent, env), ensureBinaries(silent, env)])
  expect(await built()).toHaveLength(6)
})

test('takes what KUBEBUILDER_ASSETS holds and builds the rest', async () => {
  await installGo()
  const assets = join(dir, 'assets')
  await mkdir(assets)
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) await program(join(assets, name), '')
  const binaries = await ensureBinaries(silent, {...env, KUBEBUILDER_ASSETS: assets})
  expect(binaries).toMatchObject({kubeApiserver: join(assets, 'kube-apiserver'), kubectl: join(assets, 'kubectl')})
  expect((await readdir(dirname(binaries.kwok))).sort()).toEqual(['kube-controller-manager', 'kube-scheduler', 'kwok'])
})

test('refuses KUBEBUILDER_ASSETS that hold nothing', async () => {
  const assets = join(dir, 'none')
  await expect(ensureBinaries(silent, {...env, KUBEBUILDER_ASSETS: assets})).rejects.toThrow(
    `KUBEBUILDER_ASSETS is ${assets}, where no`,
  )
})

test('says what to install where Go is missing', async () => {
  await expect(ensureBinaries(silent, {...env, PATH: join(dir, 'bin')})).rejects.toThrow(
    /built by Go, and go is not on PATH: install it from https:\/\/go.dev\/dl\//,
  )
})

test('relays why Go is too old', async () => {
  const words = 'go: go.mod requires go >= 1.26.0 (running go 1.22.1; GOTOOLCHAIN=local)'
  await program(join(dir, 'bin', 'go'), `echo '${words}' >&2; exit 1`)
  await expect(ensureBinaries(silent, env)).rejects.toThrow(`Go cannot build the test cluster (${words}): install it`)
})

test('builds Helm beside them, and nothing else for it', async () => {
  await installGo()
  const helm = await ensureHelm(silent, env)
  expect(await built()).toEqual(['helm.sh/helm/v4/cmd/helm'])
  expect(await ensureHelm(silent, env)).toBe(helm)
  expect(await built()).toHaveLength(1)
})

test('builds cert-manager, and names the CRDs of the module that it was built from', async () => {
  await installGo()
  const {program, crds} = await ensureCertManager(silent, env)
  expect(await readdir(dirname(program))).toEqual(['cert-manager'])
  expect(crds).toBe('/modules/github.com/cert-manager/cert-manager/deploy/crds')
})
