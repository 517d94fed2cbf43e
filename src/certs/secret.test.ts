import {describe, expect, test} from 'vitest'
import {issue, makeAuthority} from './authority.ts'
import {trustedOf, type Trusted} from './bundle.ts'
import {bundleManagers, bundlePatch, isServing, readRegistration} from './registration.ts'
import {
  authorityData,
  leafData,
  readAuthoritySecret,
  readLeafSecret,
  requestIn,
  signatory,
  type Signatory,
} from './secret.ts'

const now = new Date()
const [first, second, third] = await Promise.all([made(), made(), made()])
const pair = await issue(first.authority, ['a.example', '10.0.0.1'], now)
const encode = (text: string) => Buffer.from(text).toString('base64')

async function made(): Promise<Signatory> {
  const found = signatory(await makeAuthority(now))
  if (found === undefined) throw new Error('not made')
  return found
}

const secret = (data: Readonly<Record<string, string | null>>, annotations = {}) => ({metadata: {annotations}, data})
const fingerprints = (all: readonly Trusted[]) => all.map(({fingerprint}) => fingerprint)

describe('the Secret of the authority', () => {
  const data = authorityData(first, second, [third])

  test('says what was written into it', () => {
    const read = readAuthoritySecret(secret(data))
    expect(read.signer?.fingerprint).toBe(first.fingerprint)
    expect(read.next?.authority).toEqual(second.authority)
    expect(fingerprints(read.bundle)).toEqual(fingerprints([second, first, third]))
    expect(read).toMatchObject({damaged: false, requested: false})
  })

  test('loses what is taken out of it', () => {
    expect(authorityData(second, undefined, [])).toMatchObject({'next.crt': null, 'next.key': null})
  })

  test.each([
    ['its key is gone', {'tls.key': ''}, {signer: undefined, damaged: false}],
    ['its key belongs to another', {'tls.key': encode(third.authority.key)}, {signer: undefined, damaged: false}],
    ['it is a server certificate', {'tls.crt': encode(pair.cert), 'tls.key': encode(pair.key)}, {signer: undefined}],
    ['the bundle is gone', {'ca.crt': ''}, {damaged: true}],
    ['the bundle lacks one of the two', {'ca.crt': encode(first.pem)}, {damaged: true}],
    ['the key of the next is half there', {'next.key': 'AAAA'}, {next: undefined, damaged: true}],
    ['it is no base64', {'tls.crt': '%%%', 'tls.key': '%%%', 'ca.crt': '%%%'}, {signer: undefined, damaged: true}],
  ])('is told to be damaged or without a signer, and keeps who may be needed: %s', (_, damage, expected) => {
    const read = readAuthoritySecret(secret({...data, ...damage}))
    expect({signer: undefined, next: undefined, ...read}).toMatchObject(expected)
    expect(fingerprints(read.bundle)).toContain(second.fingerprint)
  })

  test('is asked for another by a value that it has not heeded', () => {
    const [rotate, rotated] = ['meshwright.dev/rotate', 'meshwright.dev/rotated']
    expect(requestIn(secret({}, {[rotate]: 'a'}))).toBe('a')
    expect(requestIn(secret({}, {[rotate]: 'b', [rotated]: 'a'}))).toBe('b')
    expect(requestIn(secret({}, {[rotate]: 'a', [rotated]: 'a'}))).toBeUndefined()
    expect(requestIn(undefined)).toBeUndefined()
  })
})

describe('the Secret that the replicas mount', () => {
  const read = (data: Readonly<Record<string, string | null>>, hosts = ['a.example']) =>
    readLeafSecret(secret(data), hosts, now)

  test('says who signed it, for whom, and nothing against it', () => {
    const state = read(leafData(pair, first), ['a.example', '10.0.0.1'])
    expect(state).toMatchObject({issuer: first.fingerprint, named: true, requested: false})
    expect(state.problem).toBeUndefined()
    expect(read(leafData(pair, first), ['b.example']).named).toBe(false)
  })

  test.each([
    ['there is none', undefined],
    ['tls.crt was not signed by ca.crt', leafData(pair, second)],
    ['tls.crt is not a PEM certificate', {}],
    ['tls.key does not belong to tls.crt', {...leafData(pair, first), 'tls.key': encode(second.authority.key)}],
  ])('says that %s', (problem, data) => {
    expect(readLeafSecret(data && secret(data), [], now).problem).toBe(problem)
  })
})

describe('a registration', () => {
  const clientConfig = (bundle: readonly Trusted[]) => ({
    service: {name: 'w', namespace: 'n', port: 443},
    caBundle: encode(bundle.map(({pem}) => pem).join('')),
  })
  const registration = (...bundles: (readonly Trusted[])[]) => ({
    metadata: {uid: 'u', resourceVersion: '7'},
    webhooks: bundles.map((bundle, index) => ({
      name: `w${index}`,
      timeoutSeconds: 5,
      clientConfig: clientConfig(bundle),
    })),
  })

  test('is uniform where all of its webhooks have the same, in any order, and nothing that is none', () => {
    expect(readRegistration(registration([first, second], [second, first])).uniform).toBe(true)
    expect(readRegistration(registration([first], [second])).uniform).toBe(false)
    expect(readRegistration(undefined)).toEqual({registered: false, trusted: [], uniform: true})
    expect(isServing(registration([first, second]), [second, first])).toBe(true)
    expect(isServing(registration([first], []), [first])).toBe(false)
  })

  test('is patched in caBundle only, in every webhook, as long as it has not changed', () => {
    const before = registration([first], [])
    const patch = bundlePatch(before, [second])
    expect(patch).toEqual({
      metadata: {uid: 'u', resourceVersion: '7'},
      webhooks: registration([second], [second]).webhooks,
    })
  })

  test('names who else has set caBundle', () => {
    const fields = (field: string) => ({'f:webhooks': {'k:{"name":"w0"}': {'f:clientConfig': {[field]: {}}}}})
    const managedFields = [
      {manager: 'argocd', operation: 'Update', fieldsV1: fields('f:caBundle')},
      {manager: 'helm', operation: 'Apply', fieldsV1: fields('f:service')},
      {manager: 'us', operation: 'Update', fieldsV1: fields('f:caBundle')},
    ]
    const {metadata, webhooks} = registration([first])
    expect(bundleManagers({metadata: {...metadata, managedFields}, webhooks}, 'us')).toEqual(['argocd'])
  })
})

test('certificates are told apart by what they are, each counted once', () => {
  expect(fingerprints(trustedOf(first.pem + second.pem + first.pem))).toEqual(fingerprints([first, second]))
})
