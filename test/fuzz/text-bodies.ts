import * as fc from 'fast-check'
import {parseAllDocuments, stringify} from 'yaml'
import {configurationJsonSchema} from '../../src/config/json-schema.ts'
import {definitions} from '../../src/crd/definition.ts'
import {isValues} from '../../src/mesh/values.ts'
import {ruleSets} from '../rules/arbitrary-rules.ts'
import {corpusOf, type Target} from './corpus.ts'
import {edited, editsOf, spoiled} from './mutation.ts'
import {anything, keys, values} from './review-bodies.ts'
import {valuesOf} from './schema-values.ts'

export type TextTarget = Exclude<Target, 'reviews'>

/** What means something to YAML, or to whoever reads what it holds. */
const words = [
  '&a ', '*a', '!!js/function ', '!!binary ', '!<tag:x> ', '<<: *a\n', '? ', ': ', '- ', '|\n', '>-\n', '|9+\n', '---\n',
  '...\n', '%YAML 1.1\n', '%TAG ! x\n', '#', '\t', '\r', '\u0000', '\u0085', '\u2028', '\ufeff', '"', "'", '\\', '{', '}',
  '[', ']', ',', '\n', '\n  ', ' '.repeat(300), '[' .repeat(100), '{a: '.repeat(80), '__proto__: ', 'constructor: ', '~',
  '.inf', '.nan', '0x7fffffffffffffffff', '1e999', '-0', '0o17', '2001-01-01', 'yes', 'x'.repeat(2000), '\ud800',
] // prettier-ignore

/** Texts that hold documents; each list of documents as YAML, or as JSON, which is YAML too. */
const asText = (documents: fc.Arbitrary<readonly unknown[]>): fc.Arbitrary<Buffer> =>
  fc.tuple(documents, fc.boolean()).map(([all, json]) => {
    const each = all.map((one) => (json ? JSON.stringify(one) : stringify(one, {aliasDuplicateObjects: false})))
    return Buffer.from(each.join('\n---\n'))
  })

const parsed = (target: TextTarget): object[][] =>
  corpusOf(target)
    .map(({bytes}) => parseAllDocuments(bytes.toString(), {merge: false, uniqueKeys: false, logLevel: 'silent'}))
    .map((documents) => documents.filter(({errors}) => errors.length === 0))
    // What the corpus has of bombs stays in its bytes.
    .filter((documents) => documents.every((document) => !/[&*]\w/.test(document.toString())))
    .map((documents) => documents.map((document): unknown => document.toJS()).filter(isValues))
    .filter((documents) => documents.length > 0)

/** Subtrees of what is real, for places where they do not belong. */
const pieces = (documents: readonly object[][]) => {
  const found: unknown[] = []
  const collect = (value: unknown) => {
    found.push(value)
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect)
  }
  documents.forEach(collect)
  return fc.constantFrom(...found).map((piece) => structuredClone(piece))
}

const metadata = fc.record({
  name: fc.constantFrom('orders', 'order-service', 'v1.1.0', '__proto__', 'x'.repeat(64), ''),
  namespace: fc.constantFrom('shop', 'front', 'kube-system', ''),
  annotations: fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), {maxKeys: 3}),
})

/** Objects of the kinds that Meshwright defines, by their own schemas. */
const ruleObjects = () =>
  fc.oneof(
    ...[...definitions().values()].map((definition) => {
      const {spec} = structuredClone(definition) as {
        spec: {names: {kind: string}; versions: {schema: {openAPIV3Schema: {properties: {spec: unknown}}}}[]}
      }
      return fc
        .tuple(metadata, valuesOf(spec.versions[0]?.schema.openAPIV3Schema.properties.spec, anything))
        .map(([metadata, body]) => ({
          apiVersion: 'meshwright.dev/v1alpha1',
          kind: spec.names.kind,
          metadata,
          spec: body,
        }))
    }),
  )

const workloads = fc
  .tuple(fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Pod', 'CronJob', 'Service'), metadata)
  .map(([kind, metadata]) => {
    const template = {metadata, spec: {containers: [{name: 'app', image: 'app:1', ports: [{containerPort: 80}]}]}}
    if (kind === 'Pod') return {apiVersion: 'v1', kind, ...template}
    if (kind === 'Service') return {apiVersion: 'v1', kind, metadata, spec: {ports: [{port: 80}]}}
    const spec = kind === 'CronJob' ? {jobTemplate: {spec: {template}}} : {template}
    return {apiVersion: kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1', kind, metadata, spec}
  })

function fresh(target: TextTarget): fc.Arbitrary<readonly unknown[]> {
  if (target === 'configurations') return valuesOf(configurationJsonSchema(), anything).map((one) => [one])
  if (target === 'manifests') return fc.array(workloads, {minLength: 1, maxLength: 3})
  return fc.oneof(
    ruleSets.map((set) => structuredClone(set)),
    fc.array(ruleObjects(), {minLength: 1, maxLength: 3}),
  )
}

function bodies(target: TextTarget): fc.Arbitrary<Buffer> {
  const seeds = parsed(target)
  const made = fresh(target)
  const piece = fc.oneof({weight: 2, arbitrary: anything}, {weight: 1, arbitrary: pieces(seeds)})
  const mutated = fc
    .tuple(fc.oneof(fc.constantFrom(...seeds), made), editsOf(piece))
    .map(([documents, edits]) => edited(structuredClone(documents) as unknown[], edits))
  return fc.oneof(
    {weight: 4, arbitrary: asText(made)},
    {weight: 4, arbitrary: asText(mutated)},
    {weight: 3, arbitrary: spoiled(fc.constantFrom(...corpusOf(target).map(({bytes}) => bytes)), words)},
    {weight: 1, arbitrary: spoiled(asText(made), words)},
    {weight: 1, arbitrary: fc.uint8Array({maxLength: 200}).map((raw) => Buffer.from(raw))},
  )
}

/** Texts without end, after those of the corpus as they are. The seed makes a run repeatable. */
export function* textBodies(target: TextTarget, seed: number): Generator<Buffer> {
  for (const {bytes} of corpusOf(target)) yield bytes
  const arbitrary = bodies(target)
  for (let round = 0; ; round++) yield* fc.sample(arbitrary, {seed: seed + round, numRuns: 200})
}
