import {expect, test} from 'vitest'
import {readResolvConf} from './resolv-conf.ts'

test("a pod's resolv.conf is read as Consul's own injector would read its own", () => {
  const text = [
    '# made by the kubelet',
    'search meshwright-system.svc.cluster.local svc.cluster.local cluster.local',
    'nameserver 10.96.0.10',
    'nameserver  fd00::a',
    'options ndots:5 timeout:2',
    '',
  ].join('\n')
  expect(readResolvConf(text, 'meshwright-system')).toEqual({
    nameservers: ['10.96.0.10', 'fd00::a'],
    searches: ['consul.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    options: ['ndots:5', 'timeout:2'],
  })
})

test('an empty one says nothing', () => {
  expect(readResolvConf('', 'x')).toEqual({nameservers: [], searches: [], options: []})
})
