import {createHash} from 'node:crypto'
import type {RequestOptions} from 'node:https'
import {KubeConfig} from '@kubernetes/client-node'
import type {Clock} from './clock.ts'
import {KubeconfigError, readKubeconfig, type KubeconfigSource} from './kubeconfig.ts'

type Pem = string | Buffer

export interface TlsOptions {
  readonly ca?: Pem
  readonly cert?: Pem
  readonly key?: Pem
  readonly servername?: string
  /** False: whoever answers is believed (`insecure-skip-tls-verify`). */
  readonly rejectUnauthorized?: boolean
}

/** What a request needs. */
export interface Access {
  /** Authorization, impersonation. */
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsOptions
  /** URL of an HTTP or SOCKS5 proxy. */
  readonly proxy?: string
  /** Differs where `tls` or `proxy` does. */
  readonly connectionKey: string
}

/** Milliseconds for which an answer of client-node is used again: it reads files every time. */
const freshFor = 10_000

/**
 * Who we are to which API server, by client-node's KubeConfig: kubeconfig files, a pod's service account (its token is
 * read again as it rotates), exec plugins, OIDC.
 */
export class Credentials {
  /** `https://host:port`, and a path where there is one. */
  readonly server: string
  /** Of the context, or of the pod. */
  readonly namespace: string | undefined
  readonly #load: () => KubeConfig
  readonly #clock: Clock
  #config: KubeConfig
  #known: {readonly access: Promise<Access>; readonly until: number} | undefined

  private constructor(load: () => KubeConfig, clock: Clock) {
    this.#load = load
    this.#clock = clock
    this.#config = load()
    const cluster = this.#config.getCurrentCluster()
    if (cluster === null) throw new KubeconfigError('the kubeconfig names no cluster')
    this.server = cluster.server.replace(/\/+$/, '')
    this.namespace = this.#config.getContextObject(this.#config.getCurrentContext())?.namespace
  }

  /** @param podRoot of the file system that holds a pod's service account. @throws KubeconfigError */
  static async load(source: KubeconfigSource, clock: Clock, podRoot = ''): Promise<Credentials> {
    const kubeconfig = await readKubeconfig(source)
    if (kubeconfig === undefined && (source.env['KUBERNETES_SERVICE_HOST'] ?? '') === '') {
      throw new KubeconfigError(
        'no cluster: give --kubeconfig, set KUBECONFIG, have a ~/.kube/config, or run in a pod with a service account',
      )
    }
    return new Credentials(() => {
      const config = new KubeConfig()
      if (kubeconfig === undefined) config.loadFromCluster(podRoot)
      else config.loadFromString(JSON.stringify(kubeconfig))
      return config
    }, clock)
  }

  /** @throws KubeconfigError where a file cannot be read or a plugin fails */
  access(): Promise<Access> {
    const now = this.#clock.monotonic()
    if (this.#known === undefined || now >= this.#known.until) {
      const access = this.#ask()
      const known = {access, until: now + freshFor}
      this.#known = known
      access.catch(() => {
        if (this.#known === known) this.#known = undefined
      })
    }
    return this.#known.access
  }

  /** Forgets what was cached: the API server does not accept it. */
  renew(): void {
    this.#config = this.#load()
    this.#known = undefined
  }

  async #ask(): Promise<Access> {
    const options: RequestOptions = {}
    try {
      await this.#config.applyToHTTPSOptions(options)
    } catch (error) {
      const reason = error instanceof Error ? error.message.trim() : String(error)
      throw new KubeconfigError(`cannot get credentials for ${this.server}: ${reason}`, {cause: error})
    }
    const {ca, cert, key, servername, rejectUnauthorized} = options
    const tls: TlsOptions = {
      ...(isPem(ca) && {ca}),
      ...(isPem(cert) && {cert}),
      ...(isPem(key) && {key}),
      ...(servername !== undefined && {servername}),
      ...(rejectUnauthorized !== undefined && {rejectUnauthorized}),
    }
    const proxy = this.#config.getCurrentCluster()?.proxyUrl
    const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      // A token file may end with a line break.
      String(value).trim(),
    ])
    const {auth} = options
    const basic = typeof auth === 'string' ? [['authorization', `Basic ${Buffer.from(auth).toString('base64')}`]] : []
    return {
      headers: Object.fromEntries([...headers, ...basic]),
      tls,
      ...(proxy !== undefined && {proxy}),
      connectionKey: createHash('sha256')
        .update(JSON.stringify([tls, proxy]))
        .digest('base64url'),
    }
  }
}

function isPem(value: unknown): value is Pem {
  return typeof value === 'string' || Buffer.isBuffer(value)
}
