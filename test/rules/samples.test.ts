import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {ruleInput} from '../../src/cli/rule-input.ts'
import {translate, type Rendering} from '../../src/cli/rule-translation.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {needsShared} from '../shared.ts'

/** A service in two versions, in the namespace that the samples speak of. */
const workloads = (name: string) =>
  ['v1', 'v2']
    .map(
      (version) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}-${version}}
spec:
  template:
    metadata:
      labels: {app: ${name}, version: ${version}}
      annotations: {consul.hashicorp.com/service-meta-version: ${version}}
    spec: {serviceAccountName: ${name}, containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
`,
    )
    .concat(
      `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 8080}]}
`,
    )
    .join('---\n')

const manifests = {name: 'shop.yaml', text: ['user-service', 'order-service'].map(workloads).join('---\n')}

needsShared("the user's samples", (shared) => {
  const render = (file: string, mesh: MeshName) => {
    const text = readFileSync(join(shared, 'samples', file), 'utf8')
    return translate(ruleInput([manifests], [{file, text}], 'default'), {mesh})
  }
  const kinds = ({objects}: Rendering) => objects.map(({object}) => object.kind)

  test.each(
    ['04-security.yaml', '06-istio.yaml', '07-linkerd.yaml', '08-consul.yaml', '09-shop.yaml'].flatMap((file) =>
      meshNames.map((mesh) => [file, mesh] as const),
    ),
  )('%s has nothing refused on %s', (file, mesh) => {
    const {findings} = render(file, mesh)
    expect(findings.filter(({kind}) => kind === 'refused')).toEqual([])
    for (const {origin} of findings) expect(origin.place).toMatch(new RegExp(`^${file}:\\d+:\\d+$`))
  })

  describe('04-security.yaml lets one service call another over mutual TLS', () => {
    test.each([
      ['istio', ['PeerAuthentication', 'AuthorizationPolicy']],
      ['linkerd', ['MeshTLSAuthentication', 'AuthorizationPolicy', 'Server']],
      ['consul', ['ServiceDefaults', 'ServiceIntentions']],
    ] as const)('%s', (mesh, expected) => {
      const rendering = render('04-security.yaml', mesh)
      expect(kinds(rendering)).toEqual(expect.arrayContaining([...expected]))
      expect(JSON.stringify(rendering.objects)).toContain('user-service')
    })
  })

  describe('09-shop.yaml splits user-service 80 to 20', () => {
    test.each([
      ['istio', 'VirtualService'],
      ['linkerd', 'HTTPRoute'],
      ['consul', 'ServiceSplitter'],
    ] as const)('%s', (mesh, kind) => {
      const route = render('09-shop.yaml', mesh).objects.find(({object}) => object.kind === kind)
      const text = JSON.stringify(route?.object)
      expect([text.includes('"weight":80'), text.includes('"weight":20')]).toEqual([true, true])
    })
  })
})
