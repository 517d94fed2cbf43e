import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {capabilitiesPage} from '../../../src/cli/capabilities-page.ts'
import {capabilityExamples} from '../../../src/cli/capability-examples.ts'
import {featureNames} from '../../../src/intent/features.ts'
import {meshNames, type MeshName} from '../../../src/mesh/mesh.ts'
import {ruleMeshes} from '../../../src/mesh/translators.ts'
import {folder, golden, inputs, rendering, type Input} from './inputs.ts'

describe.each(inputs)('$name', (input) => {
  test.each(meshNames)('%s', async (mesh) => {
    await expect(golden(rendering(input, mesh))).toMatchFileSnapshot(join(folder, input.name, `${mesh}.yaml`))
  })
})

describe('the inputs', () => {
  test('ask for every feature', () => {
    const asked = new Set(inputs.flatMap(({features}) => features))
    expect(featureNames.filter((feature) => !asked.has(feature))).toEqual([])
    expect([...asked].filter((feature) => !featureNames.some((known) => known === feature))).toEqual([])
  })

  test('each say in a sentence what they show', () => {
    expect(inputs.filter(({title}) => !/^\S.+\.$/.test(title)).map(({name}) => name)).toEqual([])
  })

  test('stand in one table', async () => {
    await expect(tableOfInputs()).toMatchFileSnapshot(join(folder, 'README.md'))
  })
})

describe('what is claimed of a mesh', () => {
  test('docs/capabilities.md is the page of it', async () => {
    await expect(capabilitiesPage()).toMatchFileSnapshot(join(folder, '../../../docs/capabilities.md'))
  })

  test.each(featureNames)('%s: every example asks for it', (feature) => {
    const asking = inputs.filter(({features}) => features.includes(feature)).map(({name}) => name)
    expect(asking).toEqual(expect.arrayContaining([...capabilityExamples[feature]]))
  })

  test.each(meshNames.flatMap((mesh) => featureNames.map((feature) => ({mesh, feature}))))(
    '$mesh $feature is what an example shows',
    ({mesh, feature}) => {
      const {support} = ruleMeshes[mesh].capabilities[feature]
      const examples = inputs.filter(({name}) => capabilityExamples[feature].includes(name))
      const shown = examples.map((input) => {
        const kinds = rendering(input, mesh).findings.filter((finding) => finding.feature === feature)
        return kinds.length === 0 ? ['exact'] : kinds.map(({kind}) => kind)
      })
      const outcomes = new Set(shown.flat())
      // What a mesh can say of some rules and not of others is called approximated as a whole.
      const isPartly = support === 'approximated' && outcomes.has('exact') && outcomes.size > 1
      expect(isPartly || outcomes.has(support), [...outcomes].join(', ')).toBe(true)
    },
  )
})

function tableOfInputs(): string {
  const rows = inputs.map((input) => {
    const cells = meshNames.map((mesh) => `[${outcome(input, mesh)}](${input.name}/${mesh}.yaml)`)
    return `| [${input.name}](${input.name}/rules.yaml) | ${input.title.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`
  })
  return [
    '# Rules, and what each mesh makes of them',
    '',
    'Each folder holds rules with the workloads that they are about, and beside them the objects that `render` prints for',
    'each mesh, with its findings as comments. The number is that of the objects; what follows is what is not exact.',
    '',
    '| Rules | What they show | Istio | Linkerd | Consul |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** `3; approximated: circuit-breaker-recovery` */
function outcome(input: Input, mesh: MeshName): string {
  const {objects, findings} = rendering(input, mesh)
  const kinds = (['approximated', 'ignored', 'refused'] as const).flatMap((kind) => {
    const about = [...new Set(findings.filter((finding) => finding.kind === kind).map(({feature}) => feature))]
    return about.length === 0 ? [] : [`${kind}: ${about.join(', ')}`]
  })
  return [String(objects.length), ...kinds].join('; ')
}
