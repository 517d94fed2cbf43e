import {access, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {z} from 'zod'
import {meshServiceName} from '../rules/mesh-service.ts'
import {Failure, reasonOf} from './failure.ts'

export const frameworks = ['fastify', 'express', 'none'] as const
/** What an application is served by; `none`: by neither of the two that have an adapter of their own. */
export type Framework = (typeof frameworks)[number]

/** A Node project, as far as `init` looks at it. */
export interface Project {
  /** What its service is called. */
  readonly service: string
  readonly framework: Framework
  /** Whether a .js file of it is an ES module. */
  readonly isModule: boolean
  readonly hasTypeScript: boolean
  readonly hasMeshwright: boolean
  /** The file that it is started by, where there is one. */
  readonly entry: string | undefined
}

const dependencies = z.record(z.string(), z.string()).optional()
const manifestSchema = z.looseObject({
  name: z.string().optional(),
  type: z.string().optional(),
  main: z.string().optional(),
  dependencies,
  devDependencies: dependencies,
})

/** Where applications usually begin. */
const usualEntries = ['', 'src/'].flatMap((folder) =>
  ['server', 'app', 'index', 'main'].flatMap((name) =>
    ['ts', 'mts', 'js', 'mjs', 'cjs'].map((ending) => `${folder}${name}.${ending}`),
  ),
)

/** @throws Failure where the folder holds no Node project */
export async function projectIn(folder: string): Promise<Project> {
  const {name, type, main, dependencies: runs = {}, devDependencies: develops = {}} = await manifestIn(folder)
  const has = (dependency: string) => Object.hasOwn(runs, dependency) || Object.hasOwn(develops, dependency)
  const entries = main === undefined ? usualEntries : [main, ...usualEntries]
  const there = await Promise.all(entries.map((entry) => exists(join(folder, entry))))
  return {
    service: serviceOf(name),
    framework: has('fastify') ? 'fastify' : has('express') ? 'express' : 'none',
    isModule: type === 'module',
    hasTypeScript: has('typescript') || (await exists(join(folder, 'tsconfig.json'))),
    hasMeshwright: has('meshwright') || name === 'meshwright',
    entry: entries.find((_, index) => there[index]),
  }
}

async function manifestIn(folder: string): Promise<z.output<typeof manifestSchema>> {
  const file = join(folder, 'package.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${reasonOf(error)}; run npm init first`)
  }
  const read = manifestSchema.safeParse(parsed(text))
  if (read.success) return read.data
  throw new Failure(`${file} is no package.json: npm could not read it either`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A package's name as that of a Service: `@shop/order_service` is `order-service`. */
function serviceOf(name = ''): string {
  const service = name
    .replace(/^@[^/]*\//, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '')
  return meshServiceName.holds(service) ? service : 'my-service'
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
