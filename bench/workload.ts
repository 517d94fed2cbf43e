import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {MeshName} from '../src/mesh/mesh.ts'
import {podReview} from '../test/review.ts'

export interface Case {
  readonly name: string
  readonly config: unknown
  readonly namespace: {readonly name: string}
  readonly objects?: readonly unknown[]
  readonly pod?: {readonly metadata?: {readonly name?: string}}
  readonly injected: boolean
  readonly patchBytes?: number
}

/** The pods that one webhook is measured with: all of one configuration and namespace, so that one process can answer them. */
export interface Workload {
  readonly config: unknown
  readonly objects: readonly unknown[]
  readonly cases: readonly Case[]
  readonly source: string
}

const root = join(import.meta.dirname, '..')

/** The conformance pods where they are at hand, else the goldens of this repository. */
export function workload(mesh: MeshName): Workload {
  const shared = join(root, '..', 'shared', 'conformance', mesh, 'cases.jsonl.gz')
  const cases = existsSync(shared) ? fromConformance(shared) : fromGoldens(join(root, 'test', 'golden', mesh))
  const groups = Map.groupBy(
    cases.filter(({pod, injected}) => pod !== undefined && injected),
    ({config, namespace, objects}) => JSON.stringify([config, namespace, objects]),
  )
  const largest = [...groups.values()].sort((a, b) => b.length - a.length)[0]
  const first = largest?.[0]
  if (largest === undefined || first === undefined) throw new Error(`no pods to measure ${mesh} with`)
  return {
    config: first.config,
    objects: [{apiVersion: 'v1', kind: 'Namespace', metadata: first.namespace}, ...(first.objects ?? [])],
    cases: largest,
    source: existsSync(shared) ? 'conformance' : 'goldens',
  }
}

function fromConformance(file: string): Case[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean)
  return lines.map((line): Case => JSON.parse(line))
}

function fromGoldens(folder: string): Case[] {
  return readdirSync(folder).map((file): Case => JSON.parse(readFileSync(join(folder, file), 'utf8')))
}

/** The case's name is the uid, so that an answer tells whose it is. */
export function reviewOf({name, namespace, pod = {}}: Case): string {
  return podReview(name, namespace.name, pod)
}
