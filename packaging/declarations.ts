import {execFile} from 'node:child_process'
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join, relative} from 'node:path'
import {promisify} from 'node:util'
import {compile} from 'json-schema-to-typescript'
import {configurationJsonSchema} from '../src/config/json-schema.ts'

const run = promisify(execFile)

/** The SDK's entry points, by what follows the package's name. */
export const entryPoints = ['index', 'fastify', 'express', 'testing'] as const
/** What declarations may name that is not ours: whoever imports the entry point has it. */
const peers: ReadonlySet<string> = new Set(['fastify', 'node:http'])

/**
 * Writes the declarations of the SDK's entry points, and of nothing that they do not lead to. Types that the schema
 * library infers are written out, so that applications need not have it.
 */
export async function writeDeclarations(target: string): Promise<void> {
  const emitted = await mkdtemp(join(tmpdir(), 'meshwright-declarations-'))
  try {
    const compiler = join(import.meta.dirname, '..', 'node_modules', '.bin', 'tsc')
    await run(compiler, ['-p', join(import.meta.dirname, 'tsconfig.json'), '--outDir', emitted])
    const folder = join(emitted, 'sdk')
    await writeFile(join(folder, 'configuration.d.ts'), await configurationDeclarations())
    await writeReachable(folder, target)
  } finally {
    await rm(emitted, {recursive: true, force: true})
  }
}

async function configurationDeclarations(): Promise<string> {
  const types = await compile({...configurationJsonSchema(), title: 'MeshConfiguration'}, 'MeshConfiguration', {
    bannerComment: '',
    format: false,
    additionalProperties: false,
  })
  const source = await readFile(join(import.meta.dirname, '..', 'src', 'sdk', 'configuration.ts'), 'utf8')
  const [, comment = ''] = /(\/\*\*(?:(?!\*\/)[^])*\*\/)\s*export function defineConfig/.exec(source) ?? []
  return `${types}\n${comment}\nexport declare function defineConfig(configuration: MeshConfiguration): MeshConfiguration;\n`
}

async function writeReachable(folder: string, target: string): Promise<void> {
  const seen = new Set<string>()
  const open = entryPoints.map((name) => join(folder, `${name}.d.ts`))
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    const text = await readFile(file, 'utf8')
    const here = dirname(file)
    for (const specifier of specifiersIn(text)) {
      if (specifier.startsWith('.')) open.push(join(here, specifier.replace(/\.ts$/, '.d.ts')))
      else if (!peers.has(specifier))
        throw new Error(`${relative(folder, file)} leads to ${specifier}: applications lack it`)
    }
    const out = join(target, relative(folder, file))
    if (out.startsWith('..') || relative(target, out).startsWith('..')) {
      throw new Error(`the surface of the SDK leads to ${relative(folder, file)}, which is not part of it`)
    }
    await mkdir(dirname(out), {recursive: true})
    await writeFile(out, text.replace(/(from |import\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'))
  }
}

function specifiersIn(declarations: string): readonly string[] {
  const found = declarations.matchAll(/(?:\bfrom |\bimport\(|^import )(['"])([^'"]+)\1/gm)
  return [...found].map(([, , specifier = '']) => specifier)
}
