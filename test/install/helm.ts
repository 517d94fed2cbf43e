import {execFile} from 'node:child_process'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {parseAllDocuments} from 'yaml'
import {z} from 'zod'
import {ensureHelm} from '../cluster/binaries.ts'

const run = promisify(execFile)
export const chart = join(import.meta.dirname, '../../manifests/helm/meshwright')

const OBJECT = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
})
export type Rendered = z.infer<typeof OBJECT>

export function readObjects(text: string): readonly Rendered[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((value) => value !== null)
    .map((value) => OBJECT.parse(value))
}

/** A real Helm, with a home of its own. */
export class Helm {
  readonly #program: string
  readonly #home: string

  private constructor(program: string, home: string) {
    this.#program = program
    this.#home = home
  }

  static async start(): Promise<Helm> {
    return new Helm(await ensureHelm(), await mkdtemp(join(tmpdir(), 'meshwright-helm-')))
  }

  /** What it printed; rejects, with its words, where it ends with anything but 0. */
  async run(args: readonly string[], kubeconfig = join(this.#home, 'none')): Promise<string> {
    const env = {PATH: process.env['PATH'], HOME: this.#home, KUBECONFIG: kubeconfig}
    const {stdout} = await run(this.#program, args, {env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024})
    return stdout
  }

  /** What the chart makes of values, hooks left out. */
  async template(values: object, args: readonly string[] = []): Promise<readonly Rendered[]> {
    const file = join(this.#home, `values-${crypto.randomUUID()}.json`)
    await writeFile(file, JSON.stringify(values))
    const namespace = args.includes('--namespace') ? [] : ['--namespace', 'meshwright-system']
    const text = await this.run(['template', 'meshwright', chart, '--values', file, ...namespace, ...args])
    await rm(file)
    return readObjects(text).filter(({metadata}) => metadata.annotations?.['helm.sh/hook'] === undefined)
  }

  async stop(): Promise<void> {
    await rm(this.#home, {recursive: true, force: true})
  }
}
