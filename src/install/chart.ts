import {Document, isMap, isPair, isScalar} from 'yaml'
import {z} from 'zod'
import {definitionTexts} from '../crd/definition.ts'
import {isValues, type Values} from '../mesh/values.ts'
import {controllerRights} from './controller-rights.ts'
import {highlyAvailable} from './kustomize.ts'
import {generated, manifest} from './manifest.ts'
import {yaml} from '../monitoring/files.ts'
import {dashboardTexts, ruleSets} from '../monitoring/objects.ts'
import {names, type Component} from './names.ts'
import type {Right, Rights} from './rights.ts'
import {valuesSchema} from './values.ts'
import {webhookRights} from './webhook-rights.ts'

/** What of the chart follows from the sources, by its path in the chart; the rest is templates written by hand. */
export function chartTexts(version: string): ReadonlyMap<string, string> {
  const schema = valuesJsonSchema()
  const chart = {
    apiVersion: 'v2',
    name: 'meshwright',
    description: 'One mesh configuration, any mesh: a sidecar injector and a controller for Istio, Linkerd and Consul',
    type: 'application',
    version,
    appVersion: version,
    kubeVersion: '>=1.30.0-0',
    keywords: ['service-mesh', 'istio', 'linkerd', 'consul'],
    annotations: {'artifacthub.io/license': 'Apache-2.0'},
  }
  return new Map([
    ['Chart.yaml', manifest(generated, [{object: chart}])],
    ['values.yaml', valuesText(schema)],
    ['values.schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    [
      'values-ha.yaml',
      manifest(`${generated} For production: helm install -f values-ha.yaml`, [{object: highlyAvailable}]),
    ],
    ['README.md', page(schema)],
    ['templates/webhook-rbac.yaml', rbacTemplate('webhook', webhookRights)],
    ['templates/controller-rbac.yaml', rbacTemplate('controller', controllerRights)],
    ...ruleSets.map(({name, groups}) => [`files/${name}.yaml`, yaml({groups})] as const),
    ...[...dashboardTexts()].map(([uid, text]) => [`files/${uid}.json`, text] as const),
    ...[...definitionTexts()].map(([file, text]) => [`templates/crd-${file}`, crdTemplate(text)] as const),
  ])
}

/** Of the values, in the draft that every Helm since 3 reads. */
export function valuesJsonSchema(): Values {
  const schema = z.toJSONSchema(valuesSchema, {io: 'input', target: 'draft-7', unrepresentable: 'any'})
  return {...withGlobal(schema), title: 'Values of the Meshwright chart'}
}

/** Helm gives every chart that is part of another one the values under `global`. */
function withGlobal(schema: Values): Values {
  const {properties} = schema
  return {...schema, properties: {...(isValues(properties) ? properties : {}), global: {type: 'object'}}}
}

const propertiesOf = (schema: Values): readonly (readonly [string, Values])[] =>
  Object.entries(isValues(schema['properties']) ? schema['properties'] : {}).flatMap(([key, below]) =>
    isValues(below) && key !== 'global' ? [[key, below] as const] : [],
  )
const described = ({description}: Values) => (typeof description === 'string' ? description : '')

function valuesText(schema: Values): string {
  const document = new Document(valuesSchema.parse({}))
  const comment = (map: unknown, below: Values, depth: number): void => {
    if (!isMap(map)) return
    const known = new Map(propertiesOf(below))
    for (const [index, pair] of map.items.entries()) {
      if (!isPair(pair) || !isScalar(pair.key)) continue
      const own = known.get(String(pair.key.value))
      if (own === undefined) continue
      if (described(own) !== '') pair.key.commentBefore = ` ${described(own)}${choices(own)}`
      if (depth === 0 && index > 0) pair.key.spaceBefore = true
      comment(pair.value, own, depth + 1)
    }
  }
  comment(document.contents, schema, 0)
  return `#${generated}\n\n${document.toString({lineWidth: 0})}`
}

function choices({enum: values}: Values): string {
  if (!Array.isArray(values)) return ''
  return ` One of ${values.map((value) => (value === '' ? "''" : String(value))).join(', ')}.`
}

function page(schema: Values): string {
  const rows = (below: Values, path: string): readonly string[] =>
    propertiesOf(below).flatMap(([key, own]) => {
      const name = path === '' ? key : `${path}.${key}`
      if (isValues(own['properties'])) return rows(own, name)
      const usual = JSON.stringify(own['default'])
      return [`| \`${name}\` | \`${usual}\` | ${described(own)}${choices(own)} |`]
    })
  return `# The Meshwright chart

One mesh configuration, any mesh: a sidecar injector and a controller for Istio, Linkerd and Consul. There is one installation in a
cluster, so that everything has a fixed name; the namespace is the release's. How to install, upgrade and uninstall it stands in
\`docs/\` of the project: install.md, upgrade.md, uninstall.md. \`values-ha.yaml\` is for production.

The CustomResourceDefinitions are templates, so that an upgrade of the release upgrades them. \`helm uninstall\` leaves them
(\`crds.keep\`), and with them every rule.

| Value | Default | |
|---|---|---|
${rows(schema, '').join('\n')}

This page is generated from the schema of the values (src/install/values.ts).
`
}

function crdTemplate(text: string): string {
  const keep = '  {{- if .Values.crds.keep }}\n  annotations: {helm.sh/resource-policy: keep}\n  {{- end }}\n'
  if (text.includes('{{')) throw new Error('the definition would be read as a template')
  return `{{- if .Values.crds.install }}\n${text.replace('\nmetadata:\n', `\nmetadata:\n${keep}`)}{{- end }}\n`
}

function rbacTemplate(component: Component, {cluster, own}: Rights): string {
  const name = names[component]
  const metadata = (namespaced: boolean) =>
    [
      'metadata:',
      `  name: ${name}`,
      ...(namespaced ? ['  namespace: {{ .Release.Namespace }}'] : []),
      '  labels:',
      `    {{- include "meshwright.labels" (dict "component" "${component}") | nindent 4 }}`,
    ].join('\n')
  const role = (kind: 'ClusterRole' | 'Role', rights: readonly Right[]): readonly string[] => {
    if (rights.length === 0) return []
    const head = metadata(kind === 'Role')
    const group = 'rbac.authorization.k8s.io'
    return [
      `apiVersion: ${group}/v1\nkind: ${kind}\n${head}\nrules:\n${rights.map(ruleTemplate).join('')}`,
      `apiVersion: ${group}/v1\nkind: ${kind}Binding\n${head}\nroleRef: {apiGroup: ${group}, kind: ${kind}, name: ${name}}\n` +
        `subjects:\n  - {kind: ServiceAccount, name: ${name}, namespace: {{ .Release.Namespace }}}\n`,
    ]
  }
  const account = `apiVersion: v1\nkind: ServiceAccount\n${metadata(true)}\n`
  const documents = [account, ...role('ClusterRole', cluster), ...role('Role', own)]
  return `#${generated.slice(0, -1)}/${component}-rights.ts.\n${documents.join('---\n')}`
}

function ruleTemplate({why, mesh, verbs, elsewhere, ...rest}: Right): string {
  const words = why === undefined ? '' : `  # ${why}\n`
  const {apiGroups, resources, resourceNames} = rest
  const rule = (granted: readonly string[]) =>
    `  - ${JSON.stringify({apiGroups, resources, resourceNames, verbs: granted})}\n`
  if (mesh === undefined) return words + rule(verbs)
  const otherwise = elsewhere === undefined ? '' : `  {{- else }}\n${rule(elsewhere)}`
  return `${words}  {{- if has .Values.mesh (list "" "${mesh}") }}\n${rule(verbs)}${otherwise}  {{- end }}\n`
}
