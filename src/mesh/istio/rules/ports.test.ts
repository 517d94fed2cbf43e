import {expect, test} from 'vitest'
import {spokenOn, targetsOf} from './ports.ts'
import {factsOf, podOf} from './testing.ts'

test.each([
  [{name: 'http'}, 'http'],
  [{name: 'http-web'}, 'http'],
  [{name: 'HTTP2-web'}, 'http2'],
  [{name: 'grpc-web-a'}, 'grpc'],
  [{name: 'grpc-x'}, 'grpc'],
  [{name: 'httpx'}, 'detected'],
  [{name: 'web'}, 'detected'],
  [{}, 'detected'],
  [{name: 'https'}, 'bytes'],
  [{name: 'redis-a'}, 'bytes'],
  [{name: 'http', appProtocol: 'tcp'}, 'bytes'],
  [{name: 'tcp', appProtocol: 'kubernetes.io/h2c'}, 'http2'],
  [{name: 'tcp', appProtocol: 'kubernetes.io/wss'}, 'bytes'],
  [{name: 'tcp', appProtocol: 'example.com/own'}, 'detected'],
  [{port: 3306}, 'bytes'],
] as const)('%j is taken for %s', (port, expected) => {
  expect(spokenOn({port: 80, targetPort: 80, protocol: 'TCP', ...port})).toBe(expected)
})

test('a port leads to what the pods call by its name', () => {
  const pods = [podOf('v1', [{name: 'web', port: 8080}]), podOf('v2', [{name: 'web', port: 9090}])]
  const port = {port: 80, protocol: 'TCP'}
  expect(targetsOf({...port, targetPort: 'web'}, factsOf({pods}))).toEqual([8080, 9090])
  expect(targetsOf({...port, targetPort: 'none'}, factsOf({pods}))).toEqual([])
  expect(targetsOf({...port, targetPort: 8080}, factsOf({pods: []}))).toEqual([8080])
})
