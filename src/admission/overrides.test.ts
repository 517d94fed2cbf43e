import {describe, expect, test} from 'vitest'
import {readOverrides} from './overrides.ts'

const read = (setting: string, value: string) => readOverrides({[`meshwright.dev/${setting}`]: value}, undefined)

describe('readOverrides', () => {
  test.each([
    ['proxy-cpu-request', '100m', {proxyCpuRequest: '100m'}],
    ['proxy-memory-limit', '1Gi', {proxyMemoryLimit: '1Gi'}],
    ['log-level', 'debug', {logLevel: 'debug'}],
    ['access-log', 'false', {accessLog: false}],
    ['exclude-inbound-ports', '22, 3306', {excludeInboundPorts: [22, 3306]}],
    ['exclude-outbound-cidrs', '10.0.0.0/8,fd00::/8', {excludeOutboundCidrs: ['10.0.0.0/8', 'fd00::/8']}],
    ['sampling-rate', '0.25', {samplingRate: 0.25}],
    ['concurrency', '0', {concurrency: 0}],
    ['hold-until-ready', 'true', {holdUntilReady: true}],
    ['native-sidecar', 'false', {nativeSidecar: false}],
  ])('takes %s: %s', (setting, value, overrides) => {
    expect(read(setting, value)).toEqual({ok: true, overrides})
  })

  test.each([
    ['proxy-cpu-request', '-1'],
    ['proxy-cpu-limit', '1GB'],
    ['log-level', 'verbose'],
    ['access-log', 'yes'],
    ['exclude-inbound-ports', '0'],
    ['exclude-inbound-ports', '65536'],
    ['exclude-outbound-ports', ''],
    ['exclude-outbound-ports', Array(1002).fill('1').join(',')],
    ['exclude-outbound-cidrs', '10.0.0.0'],
    ['exclude-outbound-cidrs', '10.0.0.0/33'],
    ['sampling-rate', '1.5'],
    ['sampling-rate', 'NaN'],
    ['concurrency', '-1'],
  ])('refuses %s: %s and says what to write', (setting, value) => {
    expect(read(setting, value)).toMatchObject({ok: false, code: 'MW2003', reason: expect.stringContaining('write ')})
  })

  test('refuses an unknown key and names the nearest', () => {
    expect(read('proxy-cpu-requests', '1')).toMatchObject({
      ok: false,
      code: 'MW2002',
      reason: expect.stringContaining('meshwright.dev/proxy-cpu-request?'),
    })
    expect(readOverrides({}, {'meshwright.dev/log-level': 'debug'})).toMatchObject({ok: false, code: 'MW2002'})
  })

  test('leaves the switch and the keys of others alone', () => {
    const annotations = {'meshwright.dev/inject': 'enabled', 'sidecar.istio.io/inject': 'x', __proto__: 'x'}
    expect(readOverrides(annotations, {'meshwright.dev/inject': 'enabled'})).toEqual({ok: true, overrides: {}})
  })
})
