import {z} from 'zod'
import type {ServiceName} from '../../intent/intent.ts'
import type {StringMap} from '../../mesh/pod.ts'
import {comparable} from '../../rules/version.ts'
import {MeshRuleError} from '../errors.ts'

/** Where a process of a service listens. */
export interface Endpoint {
  /** Without a path: `http://127.0.0.1:3001`. */
  readonly url: string
  /** As its pod would have them; `version` is what subsets go by. */
  readonly labels: StringMap
}

const written = z.union([
  z.string(),
  z.strictObject({
    url: z.string(),
    version: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
])
const document = z.record(z.string(), z.union([written, z.array(written)]))

/** The processes that stand in for a cluster, by service. */
export class Endpoints {
  readonly #byService: ReadonlyMap<string, readonly Endpoint[]>
  readonly #elsewhere: (service: ServiceName) => string | undefined

  /** @param elsewhere the origin of a service that is not among them, if it can be reached all the same */
  constructor(
    byService: ReadonlyMap<string, readonly Endpoint[]>,
    elsewhere: (service: ServiceName) => string | undefined = () => undefined,
  ) {
    this.#byService = byService
    this.#elsewhere = elsewhere
  }

  /** The same, and the others by where they can be reached. */
  or(elsewhere: (service: ServiceName) => string | undefined): Endpoints {
    return new Endpoints(this.#byService, elsewhere)
  }

  /** Those whose labels include the given ones. A service is known by its name alone, or by `name.namespace`. */
  of({name, namespace}: ServiceName, labels: StringMap = {}): readonly Endpoint[] {
    const wanted = Object.entries(labels)
    const all = this.#byService.get(`${name}.${namespace}`) ?? this.#byService.get(name)
    if (all === undefined) {
      // Whoever answers there cannot be told by its labels.
      const url = wanted.length === 0 ? this.#elsewhere({name, namespace}) : undefined
      return url === undefined ? [] : [{url, labels: {}}]
    }
    return all.filter((endpoint) =>
      wanted.every(([key, value]) => comparable(endpoint.labels[key] ?? '') === comparable(value)),
    )
  }

  get services(): readonly string[] {
    return [...this.#byService.keys()]
  }
}

/**
 * `user-service=http://127.0.0.1:3001,product-service@v1=http://127.0.0.1:3002`: each part one process.
 *
 * @throws MeshRuleError
 */
export function readInline(text: string): Endpoints {
  const byService = new Map<string, Endpoint[]>()
  for (const part of text.split(',').map((part) => part.trim())) {
    if (part === '') continue
    const [, service, version, url] = /^([^=@\s]+)(?:@([^=\s]+))?=(\S+)$/.exec(part) ?? []
    if (service === undefined || url === undefined) {
      throw new MeshRuleError(`MESHWRIGHT_SERVICES: ${JSON.stringify(part)} is not service=url or service@version=url`)
    }
    const endpoint = {url: checked(url, service), labels: version === undefined ? {} : {version}}
    byService.set(service, [...(byService.get(service) ?? []), endpoint])
  }
  return new Endpoints(byService)
}

/**
 * A map of services: each a URL, `{url, version, labels}`, or a list of them.
 *
 * @param place what messages call the document: its file
 * @throws MeshRuleError
 */
export function readEndpoints(value: unknown, place: string): Endpoints {
  const parsed = document.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new MeshRuleError(
      `${place}: ${issue?.path.join('.') || 'the file'} must be a map of services, each a URL, {url, version, labels} or a list of them`,
    )
  }
  const entries = Object.entries(parsed.data).map(([service, all]): [string, readonly Endpoint[]] => [
    service,
    (Array.isArray(all) ? all : [all]).map((one) => {
      if (typeof one === 'string') return {url: checked(one, service), labels: {}}
      const {url, version, labels = {}} = one
      return {url: checked(url, service), labels: {...(version !== undefined && {version}), ...labels}}
    }),
  ])
  return new Endpoints(new Map(entries))
}

function checked(text: string, service: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new MeshRuleError(`${service}: ${JSON.stringify(text)} is not http://host:port`)
  }
  return url.origin
}
