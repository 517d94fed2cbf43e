import {X509Certificate} from 'node:crypto'

/** The certificate of an authority: what may stand in a bundle. Times are milliseconds since 1970. */
export interface Trusted {
  /** Ends with a line break, so that two of them can stand one behind the other. */
  readonly pem: string
  /** SHA-256: what tells two of them apart. */
  readonly fingerprint: string
  readonly notBefore: number
  readonly notAfter: number
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Every certificate of a PEM text that can be read; what cannot be is left out. */
export function everyCertificate(pem: string): X509Certificate[] {
  return (pem.match(block) ?? []).flatMap((text) => {
    try {
      return new X509Certificate(text)
    } catch {
      return []
    }
  })
}

/** The certificates of a PEM text that trust begins with, each once: authorities, or a server's own that nobody else signed. */
export function trustedOf(pem: string): readonly Trusted[] {
  return distinct(everyCertificate(pem).map(trusted))
}

export function trusted(certificate: X509Certificate): Trusted {
  return {
    pem: `${certificate.toString().trimEnd()}\n`,
    fingerprint: certificate.fingerprint256,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}

/** Each of them once, where it came first. */
export function distinct(all: readonly Trusted[]): readonly Trusted[] {
  return [...new Map(all.map((each) => [each.fingerprint, each])).values()]
}

/** Whether they are the same authorities, in whatever order. */
export function sameAuthorities(some: readonly Trusted[], others: readonly Trusted[]): boolean {
  const fingerprints = (all: readonly Trusted[]) => all.map(({fingerprint}) => fingerprint).sort()
  return fingerprints(some).join() === fingerprints(others).join()
}

export function isValid({notBefore, notAfter}: Pick<Trusted, 'notBefore' | 'notAfter'>, now: number): boolean {
  return notBefore <= now && now < notAfter
}

/** Two thirds of its life are over. */
export function isDue({notBefore, notAfter}: Pick<Trusted, 'notBefore' | 'notAfter'>, now: number): boolean {
  return now > notBefore + ((notAfter - notBefore) * 2) / 3
}

export function textOf(bundle: readonly Trusted[]): string {
  return bundle.map(({pem}) => pem).join('')
}
