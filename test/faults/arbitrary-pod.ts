import * as fc from 'fast-check'

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/)
const key = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(\.example\.com\/[a-z]{1,5})?$/)
const port = fc.integer({min: 1024, max: 14_999})
const quantities = fc.record({cpu: fc.constantFrom('10m', '0.1'), memory: fc.constantFrom('16Mi', '64M')})

const probe = fc.record({
  httpGet: fc.record({path: fc.constantFrom('/', '/healthz', '/a~b/c'), port}),
  periodSeconds: fc.integer({min: 1, max: 60}),
})

const container = fc.record(
  {
    image: fc.constantFrom('registry.example/app:1', 'app', 'registry.example:5000/a/b@sha256:' + 'a'.repeat(64)),
    command: fc.array(fc.string({unit: 'grapheme', minLength: 1, maxLength: 10}), {maxLength: 3}),
    env: fc.uniqueArray(
      fc.record({name: key.filter((text) => !text.includes('/')), value: fc.string({maxLength: 20})}),
      {
        maxLength: 4,
        selector: (variable) => variable.name,
      },
    ),
    ports: fc.uniqueArray(fc.record({containerPort: port}), {
      maxLength: 3,
      selector: ({containerPort}) => containerPort,
    }),
    resources: fc.record({requests: quantities}),
    livenessProbe: probe,
    readinessProbe: probe,
    securityContext: fc.record({runAsUser: fc.integer({min: 1, max: 65_535}), readOnlyRootFilesystem: fc.boolean()}),
  },
  {requiredKeys: ['image']},
)

/** Containers of different names. */
function containers(minLength: number, maxLength: number) {
  return fc
    .uniqueArray(fc.tuple(name, container), {minLength, maxLength, selector: ([own]) => own})
    .map((all) => all.map(([own, rest]) => ({name: own, ...rest})))
}

const annotation = fc.oneof(
  fc.tuple(key, fc.string({maxLength: 30})),
  fc.tuple(fc.constant('meshwright.dev/proxy-cpu-request'), fc.constantFrom('50m', '1')),
  fc.tuple(fc.constant('meshwright.dev/log-level'), fc.constantFrom('debug', 'warning')),
  fc.tuple(fc.constant('traffic.sidecar.istio.io/excludeInboundPorts'), fc.constantFrom('', '8080', '80,443')),
  fc.tuple(fc.constant('proxy.istio.io/config'), fc.constantFrom('{}', 'concurrency: 2')),
)

/** A pod that Kubernetes takes, with what an injector looks at and what it must leave alone. */
export const arbitraryPod = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Pod'),
  metadata: fc.record({
    name: name.map((text) => `any-${text}`),
    labels: fc.dictionary(key, fc.stringMatching(/^[a-z0-9]{0,10}$/), {maxKeys: 4}),
    annotations: fc.array(annotation, {maxLength: 5}).map((entries) => Object.fromEntries(entries)),
  }),
  spec: fc.tuple(containers(1, 4), containers(0, 2), fc.boolean()).map(([main, init, isShared]) => ({
    containers: main,
    // A name may stand in a pod once.
    initContainers: init
      .filter(({name: own}) => main.every((each) => each.name !== own))
      .map(({name: own, image}) => ({name: own, image})),
    shareProcessNamespace: isShared,
    volumes: [{name: 'scratch', emptyDir: {}}],
  })),
})
