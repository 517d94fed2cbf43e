import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import {Readable} from 'node:stream'
import {parseAllDocuments} from 'yaml'
import {run} from '../../src/cli/program.ts'

export const root = resolve(import.meta.dirname, '../..')

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Runs a command line in this process, as the launcher would. */
export async function meshwright(
  args: readonly string[],
  {stdin = '', env = {}, cwd = root}: Surroundings = {},
): Promise<Ran> {
  const [stdout, stderr] = [new Sink(), new Sink()]
  const code = await run(args, {stdin: Readable.from([stdin]), stdout, stderr, env, cwd})
  return {code, stdout: stdout.text, stderr: stderr.text}
}

class Sink {
  text = ''
  write(part: string): boolean {
    this.text += part
    return true
  }
}

/** A folder of its own for a test, gone when it ends. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'meshwright-cli-'))

  write(name: string, text: string): string {
    const file = join(this.path, name)
    writeFileSync(file, text)
    return file
  }

  [Symbol.dispose](): void {
    rmSync(this.path, {recursive: true, force: true})
  }
}

export interface Template {
  metadata: {labels: Record<string, string>; annotations: Record<string, string>}
  spec: {initContainers?: {name: string}[]; containers: {name: string}[]}
}

/** As much of a manifest as tests look at. */
export interface Manifest {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {readonly name?: string; readonly annotations?: Record<string, string>}
  readonly spec: {readonly template: Template; readonly jobTemplate: {readonly spec: {readonly template: Template}}}
}

/** The documents of a YAML stream, read by the library's own rules for YAML 1.1, which Kubernetes follows too. */
export function documentsOf(text: string): Manifest[] {
  return parseAllDocuments(text, {version: '1.1'}).map((document) => document.toJS())
}

/** The pod templates of a YAML stream. */
export function templatesOf(text: string): Template[] {
  return documentsOf(text).flatMap((document) => {
    const spec: Partial<Manifest['spec']> | undefined = document.spec
    return spec?.jobTemplate?.spec.template ?? spec?.template ?? []
  })
}

/** Names of the containers of a pod template, init containers first. */
export function containersOf({spec}: Pick<Template, 'spec'>): string[] {
  return [...(spec.initContainers ?? []), ...spec.containers].map(({name}) => name)
}
