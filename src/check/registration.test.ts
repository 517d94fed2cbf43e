import {describe, expect, test} from 'vitest'
import {registration} from '../install/registration.ts'
import {valuesSchema} from '../install/values.ts'
import {checkInjectors, checkRegistration, selects, webhooksOf} from './registration.ts'

const namespace = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  labels: {'kubernetes.io/metadata.name': name, ...labels},
})
const ours = (values: object = {}) =>
  registration({values: valuesSchema.parse(values), namespace: 'meshwright-system', version: '1'})
const own = namespace('meshwright-system')

describe('our registration', () => {
  test('leaves out its own namespace, those of the cluster and those that are labelled so', () => {
    const [webhook] = webhooksOf(ours())
    const asked = [
      own,
      namespace('kube-system'),
      namespace('shop', {'meshwright.dev/admission': 'disabled'}),
      namespace('web'),
    ].filter(({labels}) => webhook !== undefined && selects(webhook, labels))
    expect(asked.map(({name}) => name)).toEqual(['web'])
  })

  test('takes in labelled namespaces alone where that is chosen', () => {
    const [webhook] = webhooksOf(ours({webhook: {namespaces: 'labelled'}}))
    const labelled = namespace('shop', {'meshwright.dev/admission': 'enabled'})
    expect([labelled, namespace('web')].map(({labels}) => webhook && selects(webhook, labels))).toEqual([true, false])
  })

  test('that is not there is bad', () => {
    expect(checkRegistration(undefined, own, {})).toMatchObject([{state: 'bad'}])
  })

  test('that takes in its own namespace is bad', () => {
    const bare = {...ours(), webhooks: [{name: 'inject.meshwright.dev', clientConfig: {}}]}
    expect(checkRegistration(bare, own, {})).toMatchObject([
      {state: 'bad', message: expect.stringContaining('own namespace')},
    ])
  })

  test('whose word on failures is not the configuration’s is told', () => {
    expect(checkRegistration(ours(), own, {failurePolicy: 'Ignore'})).toMatchObject([
      {state: 'good'},
      {state: 'warning'},
    ])
    expect(checkRegistration(ours(), own, {failurePolicy: 'Fail'})).toMatchObject([{state: 'good'}])
  })

  test('an enforced mesh goes with Fail, and not with Ignore', () => {
    expect(checkRegistration(ours(), own, {enforced: true})).toMatchObject([{state: 'good'}])
    expect(checkRegistration(ours({failurePolicy: 'Ignore'}), own, {enforced: true})).toMatchObject([
      {state: 'good'},
      {state: 'warning', message: expect.stringContaining('mesh.enforced')},
    ])
  })
})

describe("a mesh's own injector", () => {
  const pods = [{operations: ['CREATE'], resources: ['pods'], apiGroups: [''], apiVersions: ['v1']}]
  const istio = {
    metadata: {name: 'istio-sidecar-injector'},
    webhooks: [
      {
        name: 'namespace.sidecar-injector.istio.io',
        clientConfig: {},
        rules: pods,
        namespaceSelector: {matchExpressions: [{key: 'istio-injection', operator: 'In', values: ['enabled']}]},
      },
      {
        name: 'object.sidecar-injector.istio.io',
        clientConfig: {},
        rules: pods,
        namespaceSelector: {matchExpressions: [{key: 'istio-injection', operator: 'DoesNotExist'}]},
        objectSelector: {matchExpressions: [{key: 'sidecar.istio.io/inject', operator: 'In', values: ['true']}]},
      },
    ],
  }

  test('that is asked about a namespace of ours is told with it', () => {
    const shop = namespace('shop', {'istio-injection': 'enabled'})
    expect(checkInjectors([ours(), istio], [shop, namespace('web'), own])).toEqual([
      expect.objectContaining({
        state: 'warning',
        message: expect.stringContaining('istio-sidecar-injector is still asked about shop,'),
      }),
    ])
  })

  test('that is asked about others only, or about pods that ask for it, is none', () => {
    const other = namespace('other', {'istio-injection': 'enabled', 'meshwright.dev/admission': 'disabled'})
    expect(checkInjectors([ours(), istio], [other, namespace('web')])).toMatchObject([{state: 'good'}])
  })

  test.each([
    ['linkerd-proxy-injector-webhook-config', 'Linkerd'],
    ['consul-consul-connect-injector', 'Consul'],
    ['istio-revision-tag-default', 'Istio'],
  ])('%s is known', (name, mesh) => {
    const other = {metadata: {name}, webhooks: [{name: 'x', clientConfig: {}, rules: pods}]}
    expect(checkInjectors([ours(), other], [namespace('web')])).toMatchObject([
      {state: 'warning', message: expect.stringContaining(`${mesh}'s own injector`)},
    ])
  })
})
