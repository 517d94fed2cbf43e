import {meshNames} from '../mesh/mesh.ts'
import {effects} from './effects.ts'
import {dotted} from './problem.ts'
import {fileSchema} from './schema.ts'
import {description, expects, knownPaths, schemaAt} from './shape.ts'
import {spellings} from './spelling.ts'

/** The reference page of every key, `docs/configuration-reference.md`. */
export function referencePage(): string {
  const keys = [...knownPaths(fileSchema)].flatMap((path) => {
    const schema = schemaAt(fileSchema, path)
    const key = dotted(path)
    if (schema === undefined) return []
    const effect = effects.get(key)
    const same = spellings.find(({written}) => written.some((spelling) => dotted(spelling) === key))
    const canonical = same === undefined ? key : dotted(same.canonical)
    if (effect === undefined && canonical === key) return []
    return [
      '',
      `### ${key}`,
      '',
      `${canonical === key ? description(schema) : `The same as \`${canonical}\`.`} Must be ${expects(schema)}.`,
      ...(effect === undefined ? [] : ['', ...meshNames.map((mesh) => `- **${mesh}**: ${effect[mesh]}`)]),
    ]
  })
  return [
    '# Every key of the configuration',
    '',
    'What it is, what it must be, and what it does to the sidecar of each mesh. This page is generated from the schema, as are',
    'the JSON Schema that `config schema` prints and the answers of `config explain`.',
    ...keys,
    '',
  ].join('\n')
}
