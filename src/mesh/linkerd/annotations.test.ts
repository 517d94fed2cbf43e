import {describe, expect, test} from 'vitest'
import {containerOf, injected, injectorOf, podOf, subjectOf, variableOf} from './testing.ts'

const injector = injectorOf()

function inject(annotations: Record<string, string>, namespace: Record<string, string> = {}) {
  const subject = subjectOf(podOf(annotations))
  return injector.inject({
    ...subject,
    namespace: {...subject.namespace, annotations: {'linkerd.io/inject': 'enabled', ...namespace}},
  })
}

const of = (key: string, value: string) => injected(inject({[`config.linkerd.io/${key}`]: value}))

function cores(annotations: Record<string, string>): (string | undefined)[] {
  const keyed = Object.entries(annotations).map(([key, value]) => [`config.linkerd.io/proxy-cpu-${key}`, value])
  const pod = injected(inject(Object.fromEntries(keyed)))
  return ['CORES', 'CORES_MIN', 'CORES_MAX', 'CORES_MAX_RATIO'].map((name) => variableOf(pod, name))
}

function isNative(annotations: Record<string, string>, namespace: Record<string, string> = {}): boolean {
  return containerOf(injected(inject(annotations, namespace)), 'linkerd-proxy').restartPolicy === 'Always'
}

describe('a setting of the proxy', () => {
  test.each([
    ['control-port', '5190', 'CONTROL_LISTEN_ADDR', '0.0.0.0:5190'],
    ['control-port', '05190', 'CONTROL_LISTEN_ADDR', '0.0.0.0:5190'],
    ['control-port', '70000', 'CONTROL_LISTEN_ADDR', '0.0.0.0:70000'],
    ['control-port', ' 80', 'CONTROL_LISTEN_ADDR', '0.0.0.0:4190'],
    ['control-port', '1e3', 'CONTROL_LISTEN_ADDR', '0.0.0.0:4190'],
    ['proxy-outbound-connect-timeout', '1001ms', 'OUTBOUND_CONNECT_TIMEOUT', '1000ms'],
    ['proxy-outbound-connect-timeout', '1500us', 'OUTBOUND_CONNECT_TIMEOUT', '1ms'],
    ['proxy-outbound-connect-timeout', '-5s', 'OUTBOUND_CONNECT_TIMEOUT', '-5000ms'],
    ['proxy-outbound-connect-timeout', 'fast', 'OUTBOUND_CONNECT_TIMEOUT', '1000ms'],
    ['proxy-outbound-discovery-cache-unused-timeout', '999ms', 'OUTBOUND_DISCOVERY_IDLE_TIMEOUT', '0s'],
    ['proxy-outbound-discovery-cache-unused-timeout', '2m', 'OUTBOUND_DISCOVERY_IDLE_TIMEOUT', '120s'],
    ['proxy-log-level', '', 'LOG', ',[{headers}]=off,[{request}]=off'],
    ['proxy-log-http-headers', 'insecure', 'LOG', 'warn,linkerd=info,hickory=error'],
    ['default-inbound-policy', 'deny', 'INBOUND_DEFAULT_POLICY', 'deny'],
    ['default-inbound-policy', 'allow', 'INBOUND_DEFAULT_POLICY', 'all-unauthenticated'],
    ['proxy-admin-shutdown', 'enabled', 'SHUTDOWN_ENDPOINT_ENABLED', 'true'],
    ['proxy-admin-shutdown', 'true', 'SHUTDOWN_ENDPOINT_ENABLED', 'false'],
    ['enable-external-profiles', 'T', 'DESTINATION_PROFILE_SUFFIXES', '.'],
    ['proxy-disable-inbound-protocol-detect-timeout', '1', 'INBOUND_DETECT_TIMEOUT', '365d'],
    ['opaque-ports', 'abc', 'INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION', undefined],
    ['access-log', 'json', 'ACCESS_LOG', 'json'],
  ])('%s: %s', (key, value, variable, expected) => {
    expect(variableOf(of(key, value), variable)).toBe(expected)
  })

  test('that cannot be read is named in a finding', () => {
    const injection = inject({'config.linkerd.io/proxy-cpu-request': 'lots'})
    expect(injection).toMatchObject({
      outcome: 'injected',
      findings: [{kind: 'ignored', key: 'config.linkerd.io/proxy-cpu-request', message: '"lots" is not a quantity'}],
    })
  })
})

describe('processors', () => {
  test.each<[Record<string, string>, (string | undefined)[]]>([
    [{}, ['1', '1', undefined, undefined]],
    [{request: '1500m'}, ['2', '2', undefined, undefined]],
    [{request: '0'}, [undefined, undefined, undefined, undefined]],
    [{request: '0', limit: '2'}, ['1', '1', '2', undefined]],
    [{limit: '1Ki'}, ['1', '1', '1024', undefined]],
    [{request: '10E'}, [undefined, undefined, undefined, undefined]],
    [{limit: '3', 'ratio-limit': '0.50'}, ['1', '1', '3', '0.5']],
    [{'ratio-limit': '0.00001'}, ['1', '1', undefined, '1e-05']],
    [{'ratio-limit': '1'}, ['1', '1', undefined, undefined]],
  ])('%j', (annotations, expected) => {
    expect(cores(annotations)).toEqual(expected)
  })
})

describe('the native sidecar', () => {
  const stable = 'config.linkerd.io/proxy-enable-native-sidecar'
  const beta = 'config.beta.linkerd.io/proxy-enable-native-sidecar'
  const alpha = 'config.alpha.linkerd.io/proxy-enable-native-sidecar'

  test('follows the first key that is there, even one that cannot be read', () => {
    expect(isNative({[stable]: 'F'})).toBe(false)
    expect(isNative({[stable]: 'true', [beta]: 'false', [alpha]: 'false'})).toBe(true)
    expect(isNative({[beta]: 'maybe', [alpha]: 'false'})).toBe(true)
    expect(isNative({[alpha]: 'false'})).toBe(false)
  })

  test('is inherited by the stable key and the alpha key only', () => {
    expect(isNative({[beta]: 'true'}, {[stable]: 'false'})).toBe(false)
    expect(isNative({}, {[alpha]: 'false'})).toBe(false)
    expect(isNative({}, {[beta]: 'false'})).toBe(true)
  })
})

describe("a namespace's annotations", () => {
  test('are copied to the pod, unless it has its own, good or bad', () => {
    const namespace = {'config.linkerd.io/proxy-cpu-request': '1', 'config.linkerd.io/access-log': 'json'}
    const pod = injected(inject({'config.linkerd.io/proxy-cpu-request': 'lots'}, namespace))
    expect(containerOf(pod, 'linkerd-proxy').resources).toBeUndefined()
    expect(pod.metadata.annotations).toMatchObject({
      'config.linkerd.io/proxy-cpu-request': 'lots',
      'config.linkerd.io/access-log': 'json',
      'linkerd.io/inject': 'enabled',
    })
  })

  test('count only where Linkerd inherits them', () => {
    const pod = injected(
      inject({}, {'config.linkerd.io/enable-gateway': 'true', 'config.linkerd.io/close-wait-timeout': '9s'}),
    )
    expect(variableOf(pod, 'INBOUND_GATEWAY_SUFFIXES')).toBeUndefined()
    expect(pod.metadata.annotations).not.toHaveProperty('config.linkerd.io/enable-gateway')
  })

  test('leave a switch behind that says no', () => {
    const pod = injected(inject({}, {'linkerd.io/inject': 'disabled'}))
    expect(pod.metadata.annotations).not.toHaveProperty('linkerd.io/inject')
  })

  test('that Linkerd would break its patch with are copied as they are', () => {
    const key = 'config.linkerd.io/proxy-log-level'
    for (const text of ['linkerd[name="x"]', 'two\nlines', 'back\\slash'])
      expect(injected(inject({}, {[key]: text})).metadata.annotations?.[key]).toBe(text)
  })

  test('of variables join the pod’s own', () => {
    const key = 'config.linkerd.io/proxy-additional-env'
    const pod = injected(
      inject(
        {[key]: '[{"name":"P","value":"pod"},{"name":"B","value":"pod"}]'},
        {[key]: '[{"name":"N","value":"ns"},{"name":"B","value":"ns"}]'},
      ),
    )
    expect(containerOf(pod, 'linkerd-proxy').env?.slice(-3)).toEqual([
      {name: 'N', value: 'ns'},
      {name: 'B', value: 'pod'},
      {name: 'P', value: 'pod'},
    ])
  })
})
