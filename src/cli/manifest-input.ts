import {isValues} from '../mesh/values.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {readDocuments, type ManifestDocument} from './manifest-document.ts'
import type {ManifestOptions} from './manifest-options.ts'
import {readManifests} from './manifest-source.ts'
import type {Report} from './report.ts'

export interface ManifestInput {
  /** In the order of the input, without those that are no Kubernetes objects. */
  readonly documents: readonly ManifestDocument[]
  /** The namespace of what names none. */
  readonly namespace: string
}

export async function readInput(options: ManifestOptions, io: Io, report: Report): Promise<ManifestInput> {
  const {filename = [], recursive = false, namespace = 'default'} = options
  if (filename.length === 0) throw new Failure('no manifests; name them with -f FILE, -f DIRECTORY or -f -', 2)
  const texts = await readManifests(filename, recursive, io)
  const documents = texts.flatMap(({name, text}) => readDocuments(name, text))
  return {documents: documents.filter((document) => isKept(document, report)), namespace}
}

/** What names no apiVersion (a values file, say) the API server would refuse. */
function isKept({place, value}: ManifestDocument, report: Report): boolean {
  if (value === null) return false
  if (isValues(value) && typeof value['apiVersion'] === 'string') return true
  report.plain(`${place}: dropped, for it has no apiVersion`)
  return false
}

export type OutputFormat = 'yaml' | 'json'

/** The documents in their order: YAML as a stream, JSON as one object or a v1 List of them. */
export function written(documents: readonly ManifestDocument[], format: OutputFormat): string {
  if (format === 'yaml') return documents.map((document) => document.text()).reduce(joined, '')
  const values = documents.map((document) => document.edited())
  const items = values.flatMap((value) => (isValues(value) && isList(value) ? value['items'] : [value]))
  const whole = values.length === 1 ? values[0] : {apiVersion: 'v1', kind: 'List', items}
  return `${JSON.stringify(whole, null, 4)}\n`
}

function isList(value: {readonly [key: string]: unknown}): boolean {
  return value['kind'] === 'List' && Array.isArray(value['items'])
}

/** Lines that may stand before a marker, each in one way only: a `\r` that could belong to a comment or to its end doubles the work. */
const begun = /^(?:[ \t]*(?:#[^\r\n]*)?\r?\n|%[^\n]*\n)*---(?:\s|$)/

function joined(stream: string, text: string): string {
  return stream === '' || text === '' || begun.test(text) ? stream + text : `${stream}---\n${text}`
}
