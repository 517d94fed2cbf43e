import {generate} from 'selfsigned'
import {beforeAll, describe, expect, test} from 'vitest'
import {issue, makeAuthority} from '../certs/authority.ts'
import type {KeyPair} from '../admission/tls.ts'
import {checkCertificates} from './certificates.ts'

const now = new Date('2026-11-30T10:00:00Z')
const after = (days: number) => new Date(now.getTime() + days * 86_400_000)

describe('the certificates of an installation', () => {
  let authority: KeyPair
  let other: KeyPair
  let leaf: string
  beforeAll(async () => {
    authority = await makeAuthority(now)
    other = await makeAuthority(now)
    leaf = (await issue(authority, ['localhost'], now)).cert
  })
  const states = (bundle: string | undefined, served: string | undefined, at = now) =>
    checkCertificates({bundle, leaf: served}, at).map(({state}) => state)

  test('are good where the bundle vouches for what is served', () => {
    expect(states(authority.cert, leaf)).toEqual(['good', 'good'])
    expect(states(other.cert + authority.cert, leaf)).toEqual(['good', 'good'])
  })

  test('are good where intermediates lead from what is served to the bundle', async () => {
    const {cert, private: key} = await generate([{name: 'commonName', value: 'Between'}], {
      keyType: 'ec',
      ca: authority,
      notBeforeDate: now,
      notAfterDate: after(30),
      extensions: [{name: 'basicConstraints', cA: true, critical: true}],
    })
    const served = (await issue({cert, key}, ['localhost'], now)).cert
    expect(states(authority.cert, `${served}${cert}\n`)).toEqual(['good', 'good'])
    expect(states(authority.cert, served)).toEqual(['good', 'good', 'bad'])
    expect(states(other.cert, `${served}${cert}\n`)).toEqual(['good', 'good', 'bad'])
  })

  test('are bad without a bundle, without a certificate, and where the bundle is somebody else’s', () => {
    expect(states('', leaf)).toEqual(['bad'])
    expect(states(authority.cert, undefined)).toEqual(['good', 'bad'])
    expect(states(other.cert, leaf)).toEqual(['good', 'good', 'bad'])
  })

  test('are told when they end soon, and bad when they have', () => {
    expect(states(authority.cert, leaf, after(6.5))).toEqual(['good', 'warning'])
    expect(states(authority.cert, leaf, after(8))).toEqual(['good', 'bad'])
    expect(states(authority.cert, leaf, after(400))).toContain('bad')
  })
})
