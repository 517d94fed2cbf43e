import {createPrivateKey, X509Certificate} from 'node:crypto'
import {createSecureContext} from 'node:tls'
import {tlsOptions, type KeyPair} from '../admission/tls.ts'
import {everyCertificate, type Trusted} from './bundle.ts'

/** What a certificate says of itself. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  /** As openssl prints them: `DNS:localhost`, `IP Address:127.0.0.1`. */
  readonly names: readonly string[]
  readonly serial: string
  /** SHA-256, in hex with colons. */
  readonly fingerprint: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/** A pair with what may have gone wrong with it: every problem is one sentence that names the file's role. */
export interface Inspection {
  readonly leaf?: CertificateFacts
  readonly authority?: CertificateFacts
  readonly problems: readonly string[]
}

/** Looks at PEM texts as a client and OpenSSL would. `authority` is absent where nobody said who signed. Never throws. */
export function inspect({cert, key}: KeyPair, authority: string | undefined, now: Date): Inspection {
  const problems: string[] = []
  const leaf = certificate(cert, 'tls.crt', problems)
  const signer = authority === undefined ? undefined : certificate(authority, 'ca.crt', problems)
  const privateKey = readKey(key, problems)
  if (leaf !== undefined) {
    const {validFromDate, validToDate} = leaf
    if (validToDate <= now) problems.push(`tls.crt expired on ${validToDate.toISOString()}`)
    if (validFromDate > now) problems.push(`tls.crt is not valid before ${validFromDate.toISOString()}`)
    if (leaf.ca) problems.push('tls.crt is an authority, not a server certificate')
    if (privateKey !== undefined && !leaf.checkPrivateKey(privateKey)) {
      problems.push('tls.key does not belong to tls.crt')
    }
  }
  if (signer !== undefined && signer.validToDate <= now) {
    problems.push(`ca.crt expired on ${signer.validToDate.toISOString()}`)
  }
  if (leaf !== undefined && authority !== undefined && signer !== undefined && !chains(leaf, cert, authority)) {
    problems.push('tls.crt was not signed by ca.crt')
  }
  if (problems.length === 0) {
    try {
      createSecureContext(tlsOptions({cert, key}))
    } catch {
      problems.push('tls.crt and tls.key cannot be used together')
    }
  }
  return {
    ...(leaf !== undefined && {leaf: factsOf(leaf)}),
    ...(signer !== undefined && {authority: factsOf(signer)}),
    problems,
  }
}

/** Whether a leaf leads, through the intermediates that come behind it in `cert`, to any of the bundle (two stand there in a rotation). */
export function chains(leaf: X509Certificate, cert: string, authority: string): boolean {
  const [roots, intermediates] = [everyCertificate(authority), everyCertificate(cert).slice(1)]
  let below = leaf
  for (let i = 0; i <= intermediates.length; i++) {
    const current = below
    if (roots.some((root) => signedBy(current, root))) return true
    const above = intermediates.find((intermediate) => signedBy(current, intermediate))
    if (above === undefined) return false
    below = above
  }
  return false
}

/** The certificate of the bundle that this key signs for, without the others; undefined where there is none. */
export function signerOf(bundle: string, key: string): KeyPair | undefined {
  const problems: string[] = []
  const privateKey = readKey(key, problems)
  const found = privateKey && everyCertificate(bundle).find((certificate) => certificate.checkPrivateKey(privateKey))
  return found === undefined ? undefined : {cert: found.toString(), key}
}

/** Of these authorities the one that signed the certificate itself. */
export function issuerOf(cert: string, authorities: readonly Trusted[]): Trusted | undefined {
  const [leaf] = everyCertificate(cert)
  return leaf && authorities.find(({pem}) => signedBy(leaf, new X509Certificate(pem)))
}

function signedBy(below: X509Certificate, above: X509Certificate): boolean {
  return below.checkIssued(above) && below.verify(above.publicKey)
}

function certificate(pem: string, role: string, problems: string[]): X509Certificate | undefined {
  const parsed = parse(pem)
  if (parsed === undefined) problems.push(`${role} is not a PEM certificate`)
  return parsed
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function readKey(pem: string, problems: string[]): ReturnType<typeof createPrivateKey> | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    problems.push('tls.key is not a PEM private key without a passphrase')
    return undefined
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const {subject, issuer, subjectAltName, serialNumber, fingerprint256, validFromDate, validToDate} = certificate
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names: subjectAltName === undefined ? [] : subjectAltName.split(', '),
    serial: serialNumber,
    fingerprint: fingerprint256,
    notBefore: validFromDate,
    notAfter: validToDate,
  }
}

/** Node puts each part of a name on a line of its own. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ')
}
