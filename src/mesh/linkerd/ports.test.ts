import {describe, expect, test} from 'vitest'
import {containersOf, defaultOpaquePorts, inboundPorts, resolveOpaquePorts} from './ports.ts'

const containers = [
  {
    name: 'cache',
    ports: [{name: 'memcache', containerPort: 11211}],
    readinessProbe: {httpGet: {port: 2020}},
  },
  {
    name: 'web',
    ports: [
      {name: 'http', containerPort: 8080},
      {name: 'db', containerPort: 3306},
      {name: 'dns', containerPort: 53, protocol: 'UDP'},
    ],
    livenessProbe: {httpGet: {port: 'http'}},
    startupProbe: {httpGet: {port: 7000}},
  },
  {name: 'second', ports: [{name: 'http', containerPort: 3306}], livenessProbe: {tcpSocket: {port: 9000}}},
]

test('init containers are walked first', () => {
  expect(containersOf({initContainers: [{name: 'a'}], containers: [{name: 'b'}]}).map(({name}) => name)).toEqual([
    'a',
    'b',
  ])
})

describe('inbound ports', () => {
  test('are container ports and numeric ports of HTTP liveness and readiness probes, sorted as texts', () => {
    expect(inboundPorts(containers)).toBe('11211,2020,3306,53,8080')
  })

  test('are empty for a pod without ports', () => {
    expect(inboundPorts([{name: 'web'}])).toBe('')
  })
})

describe('opaque ports by default', () => {
  test('repeat, and keep the order of the containers', () => {
    expect(defaultOpaquePorts(containers, new Set(['3306', '11211', '53']))).toBe('11211,3306,53,3306')
  })

  test('do not look into ranges', () => {
    expect(defaultOpaquePorts(containers, new Set(['3000-4000']))).toBe('')
  })
})

describe('an opaque-ports annotation', () => {
  test.each([
    ['80', '80'],
    [' 80 , 81 ', '80,81'],
    ['3306,', '3306'],
    ['80,,81', '80,81'],
    ['5000-5000', '5000'],
    ['5000-5002', '5000-5002'],
    ['80-70', ''],
    ['0', '0'],
    ['memcache', '11211'],
    ['http', '3306'],
    ['05140', '5140'],
    ['abc', ''],
    ['-80', ''],
    ['1-2-3', ''],
    ['65536', ''],
    ['', ''],
  ])('%j becomes %j', (text, expected) => {
    expect(resolveOpaquePorts(text, containers)).toBe(expected)
  })
})
