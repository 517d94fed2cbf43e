import type {Operation} from './operation.ts'

export interface PlainRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** Why an input makes no request. */
export class BadInput extends Error {}

const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE'])

/**
 * Puts an input into the form that an operation sends it in.
 *
 * @throws BadInput where a field that the path names is missing, or the input is no JSON
 */
export function requestOf({method, path}: Operation<never, unknown>, input: unknown): PlainRequest {
  const fields = new Map(isRecord(input) ? Object.entries(input) : [])
  const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = fields.get(name)
    const segment = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    if (typeof segment !== 'string' || segment === '') {
      throw new BadInput(`the path ${path} needs the field ${name}, a text or a number`)
    }
    fields.delete(name)
    return encodeURIComponent(segment)
  })
  // A dot segment would lead elsewhere: URLs are normalised on the way.
  if (/\.|%2e/i.test(filled) && filled.split('/').some((segment) => /^\.\.?$/.test(decodeURIComponent(segment)))) {
    throw new BadInput(`the path ${filled} has a dot segment`)
  }
  if (bodiless.has(method)) {
    const query = queryOf(fields)
    return {method, path: query === '' ? filled : `${filled}?${query}`, headers: {}, body: undefined}
  }
  const rest = isRecord(input) ? Object.fromEntries(fields) : input
  if (rest === undefined) return {method, path: filled, headers: {}, body: undefined}
  return {method, path: filled, headers: {'content-type': 'application/json'}, body: json(rest)}
}

function queryOf(fields: ReadonlyMap<string, unknown>): string {
  if (fields.size === 0) return ''
  const query = new URLSearchParams()
  for (const [name, value] of fields) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === undefined || item === null) continue
      query.append(name, typeof item === 'object' ? json(item) : String(item))
    }
  }
  return query.toString()
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (error) {
    throw new BadInput(`the input is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
