import {expect, test} from 'vitest'
import {facts, intent, partOf, pod, specOf, subset, traffic, translator, verdicts, versioned} from './fixture.ts'

const service = (subsets: Parameters<typeof traffic>[0]['subsets'], pods?: Parameters<typeof facts>[0]) =>
  translator().service(
    intent({
      ...(subsets !== undefined && {traffic: traffic({subsets})}),
      ...(pods !== undefined && {facts: facts(pods)}),
    }),
  )

test('a version is a subset that filters by service metadata', () => {
  const parts = service([subset('v1'), subset('v2')], [versioned('v1'), versioned('v2')])
  expect(specOf(parts, 'ServiceResolver')).toEqual({
    subsets: {v1: {filter: 'Service.Meta.version == "v1"'}, v2: {filter: 'Service.Meta.version == "v2"'}},
  })
  expect(partOf(parts, 'traffic').findings).toEqual([])
})

test('several labels must all hold, in an order of their own', () => {
  const labels = {track: 'stable', 'app.version': 'v1', '0rank': 'a'}
  const annotated = {'service-meta-track': 'stable', 'service-meta-app_version': 'v1', 'service-meta-0rank': 'a'}
  expect(specOf(service([subset('v1', labels)], [pod(labels, annotated)]), 'ServiceResolver')).toEqual({
    subsets: {
      v1: {
        filter: 'Service.Meta["0rank"] == "a" and Service.Meta.app_version == "v1" and Service.Meta.track == "stable"',
      },
    },
  })
})

test('a version with dots and capitals gets a name that a host name may have', () => {
  const parts = service([subset('v1.1.0'), subset('Blue_2')], [versioned('v1.1.0'), versioned('Blue_2')])
  expect(Object.keys(specOf(parts, 'ServiceResolver')?.['subsets'] ?? {})).toEqual(['blue-2', 'v1-1-0'])
})

test('two versions that would get one name are refused', () => {
  const {findings, objects} = partOf(service([subset('v1.1'), subset('v1-1')]), 'traffic')
  expect(objects).toEqual([])
  expect(findings).toContainEqual(
    expect.objectContaining({kind: 'refused', code: 'MW6306', message: 'v1.1 and v1-1 would both be the subset v1-1'}),
  )
})

test('pods without the annotation are refused, and the annotation is named', () => {
  const {findings, objects} = partOf(service([subset('v1')], [pod({version: 'v1'})]), 'traffic')
  expect(objects).toEqual([])
  expect(findings).toMatchObject([
    {
      kind: 'refused',
      code: 'MW6304',
      feature: 'subsets',
      message:
        'pods of v1 lack the annotation consul.hashicorp.com/service-meta-version: "v1", by which alone Consul knows their version',
    },
  ])
})

test('a pod that carries the metadata of a version it is not of is refused', () => {
  const stray = pod({version: 'v2'}, {'service-meta-version': 'v1'})
  expect(verdicts(service([subset('v1')], [versioned('v1'), stray]))).toEqual(['refused MW6304'])
})

test('where no pod of the version is known, the resolver is written and the annotation told', () => {
  for (const pods of [undefined, [versioned('v2')]]) {
    const parts = service([subset('v1')], pods)
    expect(verdicts(parts)).toEqual(['approximated MW6305'])
    expect(specOf(parts, 'ServiceResolver')).toBeDefined()
  }
})

test('a label that no annotation can stand for is refused', () => {
  const labels = {['a'.repeat(60)]: 'x'}
  expect(verdicts(service([subset('v1', labels)]))).toEqual(['refused MW6307'])
  expect(verdicts(service([subset('v1', {'consul-version': 'x'})]))).toEqual(['refused MW6307'])
})

test('keys of Object.prototype are labels like any other', () => {
  const labels = {constructor: 'v1'}
  expect(verdicts(service([subset('v1', labels)], [pod({version: 'v1'})]))).toEqual(['approximated MW6305'])
})
