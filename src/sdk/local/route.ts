import type {Backend, Match, Route} from '../../intent/intent.ts'

/** The parts of a request that rules look at. */
export interface RoutedRequest {
  readonly method: string
  /** Without its query. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

/** The first route that matches; undefined where none was asked for, or none is for such a request. */
export function routeOf(routes: readonly Route[], request: RoutedRequest): Route | undefined {
  return routes.find(({matches}) => matches.length === 0 || matches.some((match) => fits(match, request)))
}

/** The backend that a number from 0 (inclusive) to 1 (exclusive) falls to, by weight. */
export function backendOf(backends: readonly Backend[], random: number): Backend | undefined {
  const total = backends.reduce((sum, {weight}) => sum + weight, 0)
  let left = random * total
  return backends.find(({weight}) => {
    left -= weight
    return left < 0
  })
}

function fits({path, method, headers}: Match, request: RoutedRequest): boolean {
  if (method !== undefined && method !== request.method) return false
  if (path !== undefined && !fitsPath(path, request.path)) return false
  return headers.every(({name, kind, value}) => {
    const found = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined
    if (found === undefined) return false
    if (kind === 'present') return true
    if (kind === 'exact') return found === value
    return kind === 'prefix' ? found.startsWith(value) : whole(value).test(found)
  })
}

function fitsPath({kind, value}: NonNullable<Match['path']>, path: string): boolean {
  if (kind === 'exact') return path === value
  if (kind === 'regex') return whole(value).test(path)
  if (kind === 'text-prefix') return path.startsWith(value)
  // By elements, as every mesh is told to: /api is for /api/orders and not for /apiary.
  const elements = value.replace(/\/+$/, '')
  return path === elements || path.startsWith(`${elements}/`)
}

function whole(expression: string): RegExp {
  return new RegExp(`^(?:${expression})$`)
}
