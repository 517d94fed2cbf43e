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
 * How an operation's input is put into the form that it is sent in. The function throws BadInput where a field that the
 * path names is missing, or the input is no JSON.
 */
export function requestsOf({method, path}: Operation<never, unknown>): (input: unknown) => PlainRequest {
  const [first = '', ...parts] = path.split(/\{([^{}]+)\}/)
  const names = parts.filter((_, index) => index % 2 === 0)
  const literals = parts.filter((_, index) => index % 2 === 1)
  const inPath: ReadonlySet<string> = new Set(names)

  function filled(input: unknown): string {
    let text = first
    for (const [index, name] of names.entries()) text += segment(input, name) + (literals[index] ?? '')
    // A dot segment would lead elsewhere: URLs are normalised on the way.
    if (/\.|%2e/i.test(text) && text.split('/').some((part) => /^\.\.?$/.test(decodeURIComponent(part)))) {
      throw new BadInput(`the path ${text} has a dot segment`)
    }
    return text
  }

  function segment(input: unknown, name: string): string {
    const value = isRecord(input) && Object.hasOwn(input, name) ? input[name] : undefined
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    // Half a surrogate pair is no text that a URL could hold.
    if (typeof text === 'string' && text !== '' && text.isWellFormed()) return encodeURIComponent(text)
    throw new BadInput(`the path ${path} needs the field ${name}, a text or a number`)
  }

  if (bodiless.has(method)) {
    return (input) => {
      const query = isRecord(input) ? queryOf(input, inPath) : ''
      return {method, path: query === '' ? filled(input) : `${filled(input)}?${query}`, headers: {}, body: undefined}
    }
  }
  return (input) => {
    const body = isRecord(input) && names.length > 0 ? without(input, inPath) : input
    if (body === undefined) return {method, path: filled(input), headers: {}, body: undefined}
    return {method, path: filled(input), headers: {'content-type': 'application/json'}, body: json(body)}
  }
}

function without(input: Readonly<Record<string, unknown>>, names: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !names.has(name)))
}

function queryOf(input: Readonly<Record<string, unknown>>, inPath: ReadonlySet<string>): string {
  let query: URLSearchParams | undefined
  for (const name of Object.keys(input)) {
    if (inPath.has(name)) continue
    query ??= new URLSearchParams()
    const value = input[name]
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === undefined || item === null) continue
      query.append(name, typeof item === 'object' ? json(item) : String(item))
    }
  }
  return query?.toString() ?? ''
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
