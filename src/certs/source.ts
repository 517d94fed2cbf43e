import {resolve} from 'node:path'
import type {KeyPair} from '../admission/tls.ts'
import {watchFiles, type WatchOptions} from '../files/watch.ts'
import {fileNames, readKeyPair} from './folder.ts'
import {inspect, type CertificateFacts} from './pair.ts'

/** A pair that passed inspection. */
export interface Certified {
  readonly keyPair: KeyPair
  readonly leaf: CertificateFacts
}

export type Certification =
  | {readonly ok: true; readonly certified: Certified}
  | {readonly ok: false; readonly problems: readonly string[]}

/** Where a server's certificate comes from, and goes on coming from. */
export interface CertificateSource {
  /** The pair to serve now. Never rejects. */
  load(): Promise<Certification>
  /**
   * Calls `onLoad` whenever there may be another pair, good or bad, and again and again while one is refused, until it is
   * closed. Begin before the first `load`.
   */
  watch(onLoad: (certification: Certification) => unknown): {close(): void}
}

/** Milliseconds between two looks at the wall clock; a timer for days would sleep with the machine. */
const look = 60_000

export interface FolderOptions extends WatchOptions {
  /** Milliseconds between tries to take what was refused; a minute where absent. */
  readonly again?: number
}

/** Reads `tls.crt` and `tls.key` of a folder, as a Secret is mounted, and again whenever they change. */
export function folderSource(folder: string, options: FolderOptions = {}): CertificateSource {
  const {again = look} = options
  const load = async () => {
    try {
      return certify(await readKeyPair(folder), new Date())
    } catch (error) {
      return unreadable(error)
    }
  }
  return {
    load,
    watch(onLoad) {
      const paths = [fileNames.cert, fileNames.key].map((name) => resolve(folder, name))
      let isRefused = false
      const watch = watchFiles(
        paths,
        async () => {
          const certification = await load()
          isRefused = !certification.ok
          await onLoad(certification)
        },
        options,
      )
      // What is not valid yet where a clock is behind becomes so, and no file changes then. What stays refused is told again:
      // nothing is well until it is not.
      const retry = async () => {
        const certification = isRefused ? await load() : undefined
        if (certification === undefined || !isRefused) return
        isRefused = !certification.ok
        await onLoad(certification)
      }
      const timer = setInterval(() => void retry(), again).unref()
      return {
        close() {
          clearInterval(timer)
          watch.close()
        },
      }
    },
  }
}

/** An authority that lives and dies with the process, and leaves of it for these hosts, renewed after two thirds of their life. */
export function ownSource(hosts: readonly string[], now: () => Date = () => new Date()): CertificateSource {
  const authority = import('./authority.ts').then(async ({makeAuthority, issue}) => {
    const signer = await makeAuthority(now())
    return {issue: () => issue(signer, hosts, now())}
  })
  let current: Certified | undefined
  const load = async () => {
    try {
      const certification = certify(await (await authority).issue(), now())
      if (certification.ok) current = certification.certified
      return certification
    } catch (error) {
      return unreadable(error)
    }
  }
  return {
    load,
    watch(onLoad) {
      const timer = setInterval(() => {
        if (current !== undefined && dueForRenewal(current.leaf, now())) void load().then(onLoad)
      }, look)
      timer.unref()
      return {close: () => clearInterval(timer)}
    },
  }
}

function certify(keyPair: KeyPair, now: Date): Certification {
  // Clients hold the authority, not we: what lies beside the pair in ca.crt may be about to change.
  const {leaf, problems} = inspect(keyPair, undefined, now)
  return leaf === undefined || problems.length > 0 ? {ok: false, problems} : {ok: true, certified: {keyPair, leaf}}
}

function unreadable(error: unknown): Certification {
  return {ok: false, problems: [error instanceof Error ? error.message : String(error)]}
}

function dueForRenewal({notBefore, notAfter}: CertificateFacts, now: Date): boolean {
  const life = notAfter.getTime() - notBefore.getTime()
  return now.getTime() > notBefore.getTime() + (life * 2) / 3
}
