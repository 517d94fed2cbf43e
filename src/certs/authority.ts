import {randomBytes} from 'node:crypto'
import {isIP} from 'node:net'
import {generate} from 'selfsigned'
import type {KeyPair} from '../admission/tls.ts'

type SelfsignedOptions = NonNullable<Parameters<typeof generate>[1]>

const day = 24 * 3600 * 1000
const [authorityDays, leafDays] = [365, 7]
/** Clocks differ: what was made just now is valid for a host whose clock is behind. */
const skew = 5 * 60 * 1000

/** Whom `caBundle` names: its certificate goes into the webhook's registration, its key signs leaves. PEM texts. */
export type Authority = KeyPair

/** A new authority (EC P-256) for a year. */
export async function makeAuthority(now: Date): Promise<Authority> {
  // Names tell authorities apart: with the same name, and the old one first in a bundle, OpenSSL tries no other.
  return generated(`Meshwright CA ${randomBytes(4).toString('hex')}`, {
    ...validity(now, authorityDays),
    extensions: [
      {name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true},
      {name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true},
    ],
  })
}

/** A server certificate for these host names and IP addresses: for a week, so that a key that leaks is soon worth nothing. */
export async function issue(authority: Authority, hosts: readonly string[], now: Date): Promise<KeyPair> {
  return generated('Meshwright webhook', {
    ...validity(now, leafDays),
    ca: authority,
    extensions: [
      {name: 'basicConstraints', cA: false, critical: true},
      {name: 'keyUsage', digitalSignature: true, critical: true},
      {name: 'extKeyUsage', serverAuth: true},
      {
        name: 'subjectAltName',
        altNames: hosts.map((host) => (isIP(host) === 0 ? {type: 2, value: host} : {type: 7, ip: host})),
      },
    ],
  })
}

async function generated(commonName: string, options: SelfsignedOptions): Promise<KeyPair> {
  const {cert, private: key} = await generate([{name: 'commonName', value: commonName}], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    ...options,
  })
  // The library ends a certificate without a line break, and two of them in one file would run into each other.
  return {cert: `${cert.trimEnd()}\n`, key: `${key.trimEnd()}\n`}
}

function validity(now: Date, days: number): {notBeforeDate: Date; notAfterDate: Date} {
  return {notBeforeDate: new Date(now.getTime() - skew), notAfterDate: new Date(now.getTime() + days * day)}
}
