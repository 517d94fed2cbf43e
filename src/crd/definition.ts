import {Document} from 'yaml'
import type {z} from 'zod'
import type {SourceKind} from '../intent/origin.ts'
import type {Values} from '../mesh/values.ts'
import {accessPolicySchema} from '../rules/access-policy.ts'
import {fileSchema} from '../config/schema.ts'
import {meshServiceName, meshServiceSchema} from '../rules/mesh-service.ts'
import {statusSchema} from '../rules/status.ts'
import {trafficPolicyName, trafficPolicySchema} from '../rules/traffic-policy.ts'
import {structural, type StructuralOptions} from './structural.ts'

export const group = 'meshwright.dev'
export const version = 'v1alpha1'

interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  readonly description?: string
  /** Above 0: with `-o wide` only. */
  readonly priority?: number
}

interface Kind {
  readonly kind: SourceKind
  readonly plural: string
  readonly shortName: string
  readonly scope: 'Cluster' | 'Namespaced'
  /** What `kubectl explain` begins with. */
  readonly description: string
  readonly spec: z.ZodType
  readonly options?: StructuralOptions
  /** What holds between the name and the spec. */
  readonly conditions: readonly {readonly cel: string; readonly message: string}[]
  readonly columns: readonly Column[]
}

const conditionColumns: readonly Column[] = ['Accepted', 'Programmed', 'Approximated'].map((type) => ({
  name: type,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
}))
const lastColumns: readonly Column[] = [
  {
    name: 'Message',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Accepted")].message',
    priority: 1,
  },
  {name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp'},
]

const kinds: readonly Kind[] = [
  {
    kind: 'MeshConfig',
    plural: 'meshconfigs',
    shortName: 'mc',
    scope: 'Cluster',
    description:
      'A mesh configuration. The one named default governs every namespace whose label meshwright.dev/config names no other.',
    spec: fileSchema,
    options: {nullable: true},
    conditions: [
      {
        cel: "self.metadata.name.matches('^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$')",
        message: 'metadata.name must be at most 63 characters, for it is the value of a label of namespaces',
      },
    ],
    columns: [{name: 'Mesh', type: 'string', jsonPath: '.spec.mesh.type'}],
  },
  {
    kind: 'MeshService',
    plural: 'meshservices',
    shortName: 'msvc',
    scope: 'Namespaced',
    description: 'What a service says of itself; metadata.name is the name of the Service.',
    spec: meshServiceSchema,
    conditions: [meshServiceName],
    columns: [
      {name: 'Port', type: 'integer', jsonPath: '.spec.port'},
      {name: 'Protocol', type: 'string', jsonPath: '.spec.protocol'},
    ],
  },
  {
    kind: 'TrafficPolicy',
    plural: 'trafficpolicies',
    shortName: 'tp',
    scope: 'Namespaced',
    description:
      'The traffic of one service: versions, shares, routes, limits, tries, and when to stop calling an endpoint.',
    spec: trafficPolicySchema,
    conditions: [trafficPolicyName],
    columns: [{name: 'Service', type: 'string', jsonPath: '.spec.service'}],
  },
  {
    kind: 'AccessPolicy',
    plural: 'accesspolicies',
    shortName: 'ap',
    scope: 'Namespaced',
    description: 'Who may call a service, or may not. All rules on one service together make one answer.',
    spec: accessPolicySchema,
    conditions: [],
    columns: [
      {name: 'Destination', type: 'string', jsonPath: '.spec.destination'},
      {name: 'Action', type: 'string', jsonPath: '.spec.action'},
    ],
  },
]

/** The CustomResourceDefinitions, by the name of the file that each stands in. */
export function definitions(): ReadonlyMap<string, Values> {
  return new Map(kinds.map((kind) => [`${kind.plural}.yaml`, definition(kind)]))
}

/** The same as YAML. */
export function definitionTexts(): ReadonlyMap<string, string> {
  return new Map([...definitions()].map(([file, value]) => [file, yaml(value)]))
}

function definition({kind, plural, shortName, scope, columns, ...rest}: Kind): Values {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {name: `${plural}.${group}`, labels: {'app.kubernetes.io/part-of': 'meshwright'}},
    spec: {
      group,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['mesh'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: {status: {}},
          additionalPrinterColumns: [...columns, ...conditionColumns, ...lastColumns],
          schema: {openAPIV3Schema: objectSchema(rest)},
        },
      ],
    },
  }
}

function objectSchema({
  description,
  spec,
  options,
  conditions,
}: Omit<Kind, 'kind' | 'plural' | 'shortName' | 'scope' | 'columns'>): Values {
  // Where any key of the spec may be null, the spec itself may not.
  const {nullable: _, ...specSchema} = structural(spec, options)
  return {
    description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: {type: 'string', description: `${group}/${version}`},
      kind: {type: 'string', description: 'The kind of the object.'},
      metadata: {type: 'object'},
      spec: specSchema,
      status: structural(statusSchema),
    },
    ...(conditions.length === 0
      ? {}
      : {'x-kubernetes-validations': conditions.map(({cel, message}) => ({rule: cel, message}))}),
  }
}

function yaml(value: Values): string {
  const document = new Document(value)
  // Keys such as `on`, which Kubernetes would read as a boolean, are put in quotes.
  document.setSchema('1.2', {compat: 'yaml-1.1'})
  document.commentBefore = ' Generated from src/rules: see src/crd.'
  return document.toString({lineWidth: 0})
}
