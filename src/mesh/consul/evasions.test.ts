import {describe, expect, it} from 'vitest'
import {injectorOf, shop, subjectOf, webPod} from './fixture.ts'

const keys = (...args: Parameters<typeof subjectOf>) =>
  injectorOf()
    .evasions(subjectOf(...args))
    .map(({key}) => key)

describe('a way around the sidecar', () => {
  it('is none in a pod that asks for nothing', () => {
    expect(keys(webPod())).toEqual([])
  })

  it.each([
    ['transparent-proxy', 'false'],
    ['transparent-proxy-exclude-inbound-ports', '22'],
    ['transparent-proxy-exclude-outbound-ports', '1-65535'],
    ['transparent-proxy-exclude-outbound-cidrs', '0.0.0.0/0'],
    ['transparent-proxy-exclude-uids', '1000'],
    ['consul-sidecar-user-volume', '[{"name": "a", "HostPath": {"path": "/"}}]'],
  ])('is the annotation %s: %s', (key, value) => {
    expect(keys(webPod({[key]: value}))).toEqual([`consul.hashicorp.com/${key}`])
  })

  it('is the label of the namespace, and the override', () => {
    const labels = {...shop.labels, 'consul.hashicorp.com/transparent-proxy': '0'}
    expect(keys(webPod(), {namespace: {...shop, labels}})).toEqual(['consul.hashicorp.com/transparent-proxy'])
    const overrides = {excludeOutboundPorts: [443]}
    expect(keys(webPod(), {overrides})).toEqual(['meshwright.dev/exclude-outbound-ports'])
  })

  it("is another image under the sidecar's name, and the user that interception leaves out", () => {
    expect(keys(webPod({}, {initContainers: [{name: 'consul-dataplane', image: 'nginx'}]}))).toEqual([
      'spec.containers',
    ])
    expect(keys(webPod({}, {securityContext: {runAsUser: 5996}}))).toEqual([
      'spec.containers.securityContext.runAsUser',
    ])
  })
})
