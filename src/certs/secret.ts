import {X509Certificate} from 'node:crypto'
import {isIP} from 'node:net'
import {z} from 'zod'
import type {KeyPair} from '../admission/tls.ts'
import type {KubeObject} from '../mesh/pod.ts'
import type {ResourceKind} from '../mesh/resource.ts'
import type {Authority} from './authority.ts'
import {distinct, everyCertificate, textOf, trusted, trustedOf, type Trusted} from './bundle.ts'
import {fileNames} from './folder.ts'
import {inspect, issuerOf, signerOf} from './pair.ts'
import type {AuthorityState, LeafState} from './rotation.ts'

export const secrets: ResourceKind = {apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true}

/** On a Secret: another authority, or another certificate, is asked for; any value that was not there before. */
export const rotateAnnotation = 'meshwright.dev/rotate'
/** On a Secret: the last value of the above that was heeded. */
export const rotatedAnnotation = 'meshwright.dev/rotated'

/** Keys of the authority's Secret beside `ca.crt`, `tls.crt` and `tls.key`: who signs from when it is trusted. */
const nextNames = {cert: 'next.crt', key: 'next.key'} as const

const SECRET = z.looseObject({
  metadata: z.looseObject({annotations: z.record(z.string(), z.string()).nullish()}),
  data: z.record(z.string(), z.string()).nullish(),
})

/** The data of a Secret as texts; empty ones for what is not there. Never throws. */
export function textIn(secret: KubeObject | undefined): (name: string) => string {
  const data = SECRET.safeParse(secret).data?.data ?? {}
  return (name) => (Object.hasOwn(data, name) ? Buffer.from(data[name] ?? '', 'base64').toString('utf8') : '')
}

/** What was asked for and not heeded yet. */
export function requestIn(secret: KubeObject | undefined): string | undefined {
  const annotations = SECRET.safeParse(secret).data?.metadata.annotations ?? {}
  const asked = annotations[rotateAnnotation]
  return asked === undefined || asked === annotations[rotatedAnnotation] ? undefined : asked
}

/** An authority with its key. */
export interface Signatory extends Trusted {
  readonly authority: Authority
}

export interface AuthoritySecret extends AuthorityState {
  readonly signer?: Signatory
  readonly next?: Signatory
}

export function readAuthoritySecret(secret: KubeObject): AuthoritySecret {
  const text = textIn(secret)
  const signer = signatory({cert: text(fileNames.cert), key: text(fileNames.key)})
  const next = signatory({cert: text(nextNames.cert), key: text(nextNames.key)})
  const said = trustedOf(text(fileNames.authority))
  const needed = [next, signer].filter((each) => each !== undefined)
  const isComplete = needed.every(({fingerprint}) => said.some((each) => each.fingerprint === fingerprint))
  const isLeftOver = (text(nextNames.cert) !== '' || text(nextNames.key) !== '') && next === undefined
  // A key that is lost leaves a certificate behind that may still be needed.
  const bundle = distinct([...needed, ...said, ...trustedOf(text(fileNames.cert)), ...trustedOf(text(nextNames.cert))])
  return {
    ...(signer !== undefined && {signer}),
    ...(next !== undefined && {next}),
    bundle,
    damaged: !isComplete || isLeftOver,
    requested: requestIn(secret) !== undefined,
  }
}

/** An authority whose key is there and fits; else undefined. */
export function signatory({cert, key}: Authority): Signatory | undefined {
  const authority = signerOf(cert, key)
  if (authority === undefined) return undefined
  const certificate = new X509Certificate(authority.cert)
  return certificate.ca ? {...trusted(certificate), authority} : undefined
}

/** Data of the authority's Secret; null takes away what was there. */
export function authorityData(
  signer: Signatory | undefined,
  next: Signatory | undefined,
  old: readonly Trusted[],
): Readonly<Record<string, string | null>> {
  const there = [next, signer].filter((each) => each !== undefined)
  return encoded({
    [fileNames.authority]: textOf(distinct([...there, ...old])),
    [fileNames.cert]: signer?.authority.cert,
    [fileNames.key]: signer?.authority.key,
    [nextNames.cert]: next?.authority.cert,
    [nextNames.key]: next?.authority.key,
  })
}

/** What is seen of the Secret that the replicas mount; `unchangedFor` is for whoever watches it to say. */
export function readLeafSecret(
  secret: KubeObject | undefined,
  hosts: readonly string[],
  now: Date,
): Omit<LeafState, 'unchangedFor'> {
  const text = textIn(secret)
  const [pair, bundle] = [{cert: text(fileNames.cert), key: text(fileNames.key)}, text(fileNames.authority)]
  const {leaf, problems} = inspect(pair, bundle, now)
  const authorities = trustedOf(bundle)
  const issuer = issuerOf(pair.cert, authorities)?.fingerprint
  const problem = secret === undefined ? 'there is none' : problems[0]
  return {
    ...(problem !== undefined && {problem}),
    ...(issuer !== undefined && {issuer}),
    notBefore: leaf?.notBefore.getTime() ?? 0,
    notAfter: leaf?.notAfter.getTime() ?? 0,
    named: isNamed(pair.cert, hosts),
    authorities,
    requested: requestIn(secret) !== undefined,
  }
}

function isNamed(cert: string, hosts: readonly string[]): boolean {
  const [leaf] = everyCertificate(cert)
  return hosts.every((host) => (isIP(host) === 0 ? leaf?.checkHost(host) : leaf?.checkIP(host)) !== undefined)
}

/** Data of the Secret that the replicas mount. */
export function leafData({cert, key}: KeyPair, signer: Trusted): Readonly<Record<string, string | null>> {
  return encoded({[fileNames.cert]: cert, [fileNames.key]: key, [fileNames.authority]: signer.pem})
}

function encoded(texts: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      text === undefined ? null : Buffer.from(text).toString('base64'),
    ]),
  )
}
