/**
 * `make release`: writes what a release is made of into out/release (or the folder that is named): the package as npm
 * packs it, the chart, the bill of materials of the bundle, and the digests of all three. The same sources give the same
 * bytes.
 */
import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {create} from 'tar'
import {z} from 'zod'

const root = join(import.meta.dirname, '..')
const target = resolve(process.argv[2] ?? join(root, 'out', 'release'))
const {version} = z.object({version: z.string()}).parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))

// Files keep their modes in archives, and a build makes its files by the umask of whoever runs it.
process.umask(0o022)
rmSync(target, {recursive: true, force: true})
mkdirSync(target, {recursive: true})

// npm builds first (prepack), sorts the entries and gives all of them one date.
npm('pack', '--pack-destination', target)
copyFileSync(join(root, 'dist', 'sbom.cdx.json'), join(target, `meshwright-${version}.cdx.json`))
await packChart(join(root, 'manifests', 'helm'), join(target, `meshwright-chart-${version}.tgz`))

const files = readdirSync(target).sort()
const sums = files.map((file) => `${sha256(join(target, file))}  ${file}\n`)
writeFileSync(join(target, 'SHA256SUMS'), sums.join(''))
process.stdout.write(sums.join(''))

/** As `helm package` names what is in it, but without its dates and owners. */
async function packChart(folder: string, archive: string): Promise<void> {
  const names = readdirSync(join(folder, 'meshwright'), {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
  await create({cwd: folder, file: archive, gzip: {level: 9}, portable: true, mtime: new Date(0)}, names)
}

function npm(...args: readonly string[]): void {
  const {status} = spawnSync('npm', args, {cwd: root, stdio: ['ignore', 'ignore', 'inherit']})
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}`)
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
