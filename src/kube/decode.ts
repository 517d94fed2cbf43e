import {z} from 'zod'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import type {Page, WatchEvent} from './api.ts'
import {ServerError, described, type Target} from './errors.ts'
import {errorOf} from './status.ts'

/** Each line of a stream, without its end; a last one that is not ended is a stream that broke off, and is dropped. */
export async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun: Buffer[] = []
  for await (const chunk of body) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const last = chunk.subarray(from, end)
      yield begun.length === 0 ? last.toString('utf8') : Buffer.concat([...begun, last]).toString('utf8')
      begun = []
      from = end + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
  }
}

const listSchema = z.object({
  metadata: z.object({resourceVersion: z.string(), continue: z.string().optional()}),
  items: z.array(z.unknown()).nullish(),
})
const eventSchema = z.object({type: z.string(), object: z.looseObject({})})
const bookmarkSchema = z.object({metadata: z.object({resourceVersion: z.string()})})
const errorSchema = z.object({code: z.number()})
const resourcesSchema = z.object({resources: z.array(z.object({name: z.string()}))})

export function decodeObject(kind: ResourceKind, text: string, target: Target): KubeObject {
  return named(kind, parse(text, target), target)
}

export function decodeList(kind: ResourceKind, text: string, target: Target): {page: Page; rest: string | undefined} {
  const result = listSchema.safeParse(parse(text, target))
  if (!result.success) throw incomprehensible(target)
  const {metadata, items} = result.data
  const {resourceVersion, continue: rest = ''} = metadata
  const page = {items: (items ?? []).map((item) => named(kind, item, target)), resourceVersion}
  return {page, rest: rest === '' ? undefined : rest}
}

/** @throws the error that an ERROR event stands for */
export function decodeEvent(target: Target, line: string): WatchEvent {
  const result = eventSchema.safeParse(parse(line, target))
  if (!result.success) throw incomprehensible(target)
  const {type, object} = result.data
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return {type, object: named(target.kind, object, target)}
    case 'BOOKMARK': {
      const bookmark = bookmarkSchema.safeParse(object)
      if (!bookmark.success) throw incomprehensible(target)
      return {type, resourceVersion: bookmark.data.metadata.resourceVersion}
    }
    case 'ERROR': {
      const status = errorSchema.safeParse(object)
      throw errorOf(target, status.success ? status.data.code : 500, object)
    }
    default:
      throw incomprehensible(target)
  }
}

/** The plural names of the kinds of a version. */
export function decodeResources(text: string, target: Target): ReadonlySet<string> {
  const result = resourcesSchema.safeParse(parse(text, target))
  if (!result.success) throw incomprehensible(target)
  return new Set(result.data.resources.map(({name}) => name))
}

function parse(text: string, target: Target): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw incomprehensible(target)
  }
}

/** Items of a list of Kubernetes' own kinds do not say what they are, and metadata alone says that it is metadata. */
function named({apiVersion, kind}: ResourceKind, value: unknown, target: Target): KubeObject {
  if (!isObject(value)) throw incomprehensible(target)
  return {...value, apiVersion, kind}
}

// What the API server has stored has passed its schema: only that it is such an object at all is checked.
function isObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false
  const {metadata} = value
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata && typeof metadata.name === 'string'
}

function incomprehensible(target: Target): ServerError {
  const sentence = `what answers in the place of the API server is none: its answer to ${target.verb} ${described(target)} is no Kubernetes object`
  return new ServerError(sentence, target, 502, undefined)
}
