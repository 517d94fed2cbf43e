import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {findingLine} from '../../../src/cli/rule-findings.ts'
import {ruleInput} from '../../../src/cli/rule-input.ts'
import {translate, type Rendering} from '../../../src/cli/rule-translation.ts'
import {yamlStream} from '../../../src/cli/render.ts'
import type {MeshName} from '../../../src/mesh/mesh.ts'

export const folder = import.meta.dirname

/** Rules and the workloads that they are about, with what they show. */
export interface Input {
  /** Of its folder. */
  readonly name: string
  readonly text: string
  readonly title: string
  /** Features that the rules ask for. */
  readonly features: readonly string[]
}

export const inputs: readonly Input[] = readdirSync(folder, {withFileTypes: true})
  .filter((entry) => entry.isDirectory())
  .map(({name}) => name)
  .toSorted()
  .map((name) => {
    const text = readFileSync(join(folder, name, 'rules.yaml'), 'utf8')
    const [, title = '', features = ''] = /^# (.*)\n# features: (.*)\n/.exec(text) ?? []
    return {name, text, title, features: features.split(', ')}
  })

export function rendering({text}: Input, mesh: MeshName): Rendering {
  return translate(ruleInput([{name: 'rules.yaml', text}], [], 'default'), {mesh})
}

/** What stands beside the input: the findings as comments, then the objects. */
export function golden({findings, objects}: Rendering): string {
  const comments = findings.map((finding) => `# ${findingLine(finding)}\n`).join('')
  return `${comments}${comments !== '' && objects.length > 0 ? '---\n' : ''}${yamlStream(objects)}`
}
