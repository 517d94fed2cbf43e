import {issue, makeAuthority, type Authority} from '../../src/certs/authority.ts'
import {fileNames} from '../../src/certs/folder.ts'
import type {Mounts, Texts} from './mounts.ts'

const hosts = ['127.0.0.1', 'localhost']

/** Who signs the webhook's certificates, as the controller keeps it: the authorities to trust, the newest first. */
export class Authorities {
  #trusted: readonly Authority[]

  private constructor(first: Authority) {
    this.#trusted = [first]
  }

  static async start(): Promise<Authorities> {
    return new Authorities(await makeAuthority(new Date()))
  }

  /** What `caBundle` is to hold. */
  get bundle(): string {
    return this.#trusted.map(({cert}) => cert).join('')
  }

  /** A pair signed by the newest authority. */
  async pair(now = new Date()): Promise<Texts> {
    const [signer] = this.#trusted
    if (signer === undefined) throw new Error('no authority')
    const {cert, key} = await issue(signer, hosts, now)
    return {[fileNames.cert]: cert, [fileNames.key]: key}
  }

  /** Another leaf in every mount. */
  async renew(mounts: Mounts): Promise<void> {
    await mounts.write(await this.pair())
  }

  /** A new authority beside those that are trusted already; it signs from now on. */
  async add(): Promise<void> {
    this.#trusted = [await makeAuthority(new Date()), ...this.#trusted]
  }

  /** Trusts the newest authority alone. */
  dropOld(): void {
    this.#trusted = this.#trusted.slice(0, 1)
  }
}
