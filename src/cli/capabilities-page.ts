import {featureNames, features, type Feature} from '../intent/features.ts'
import {meshNames} from '../mesh/mesh.ts'
import {ruleMeshes} from '../mesh/translators.ts'
import {capabilityExamples} from './capability-examples.ts'

const titles = {istio: 'Istio', linkerd: 'Linkerd', consul: 'Consul'} as const
/** From `docs/`, where the page stands. */
const inputs = '../test/golden/rules'

/** `docs/capabilities.md`, and what `capabilities -o markdown` prints. */
export function capabilitiesPage(): string {
  const columns = meshNames.map((mesh) => titles[mesh])
  return [
    '# What each mesh makes of a rule',
    '',
    'Rules are written once. **exact**: the mesh does what the rule says. **approximated**: it comes near, and what is',
    'lost is named. **ignored**: the mesh has nothing for it, and the rest of the rule stands. **refused**: nothing of',
    'that part of the rule is written, and what was there before stays. `render`, `validate` and the status of a rule',
    'say the same of each rule at hand, with its place; `mesh.strict: true` refuses whatever is not exact.',
    '',
    'This page is what `meshwright capabilities -o markdown` prints.',
    '',
    ...markdown(
      ['Feature', ...columns],
      featureNames.map((feature) => [
        `${features[feature]} (\`${feature}\`)`,
        ...meshNames.map((mesh) => supportOf(mesh, feature)),
      ]),
    ),
    '',
    '## Where it is shown',
    '',
    'Inputs with what each mesh makes of them: its objects, and what it cannot say in a comment before them. Tests hold',
    `the objects against the meshes' own schemas and have a real API server judge them. [All of them](${inputs}/README.md).`,
    '',
    ...markdown(
      ['Feature', 'Rules', ...columns],
      featureNames.flatMap((feature) =>
        capabilityExamples[feature].map((example, index) => [
          index === 0 ? `\`${feature}\`` : '',
          `[${example}](${inputs}/${example}/rules.yaml)`,
          ...meshNames.map((mesh) => `[${mesh}.yaml](${inputs}/${example}/${mesh}.yaml)`),
        ]),
      ),
    ),
    '',
  ].join('\n')
}

function supportOf(mesh: (typeof meshNames)[number], feature: Feature): string {
  const {support, note} = ruleMeshes[mesh].capabilities[feature]
  return `**${support}**: ${note.replaceAll('|', '\\|')}`
}

function markdown(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)]
}
