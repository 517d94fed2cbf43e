import {readFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'

/** What an entry point is about, in the order in which the reference has them. */
const entryPoints = [
  {file: 'index', specifier: 'meshwright', about: 'The mesh of any application.'},
  {file: 'fastify', specifier: 'meshwright/fastify', about: 'A plugin: `app.mesh`.'},
  {
    file: 'express',
    specifier: 'meshwright/express',
    about: 'A middleware: `app.mesh`; also for servers of no framework.',
  },
  {file: 'testing', specifier: 'meshwright/testing', about: 'A mesh for tests.'},
] as const

/** A declaration at the top of a file of declarations. */
interface Declaration {
  readonly name: string
  readonly kind: string
  /** Its docstring, without the marks of a comment. */
  readonly about: string
  readonly text: string
}

/** Written out in another page, from the same schema. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['MeshConfiguration', 'Every key stands in [the reference of configurations](../configuration-reference.md).'],
])

/**
 * `docs/sdk/api.md`: what each entry point exports, with its docstrings, as the declarations say it that users compile
 * against.
 *
 * @param folder where the declarations are: `dist/sdk`
 */
export async function referencePage(folder: string): Promise<string> {
  const told = new Set<string>()
  const parts: string[] = []
  for (const {file, specifier, about} of entryPoints) {
    const exported = await exportsOf(join(folder, `${file}.d.ts`))
    const fresh = exported.filter(({text}) => !told.has(text))
    for (const {text} of fresh) told.add(text)
    parts.push(`## \`${specifier}\`\n\n${about}`, ...fresh.map(section))
  }
  const intro = `# The SDK's API

<!-- Generated from the declarations of the SDK by packaging/reference.ts; its test says how to write it anew. -->

What can be imported, by entry point. Durations are texts such as \`5s\`; everything that throws throws a \`MeshError\`.`
  return `${[intro, ...parts].join('\n\n')}\n`
}

function section({name, about, text}: Declaration): string {
  const link = elsewhere.get(name)
  const shown = link ?? `\`\`\`ts\n${text}\n\`\`\``
  if (about === '') throw new Error(`${name}, which applications can import, has no docstring`)
  return [`### ${name}`, about, shown].join('\n\n')
}

/** In the order in which the file names them. */
async function exportsOf(file: string): Promise<readonly Declaration[]> {
  const text = await readFile(file, 'utf8')
  const found: Declaration[] = []
  for (const [, types, all, names = '', specifier = ''] of text.matchAll(
    /^export (type )?(?:(\*)|\{([^}]*)\}) from '(\.[^']+)';$/gm,
  )) {
    const declared = await exportsOf(join(dirname(file), specifier.replace(/\.js$/, '.d.ts')))
    const wanted = namesIn(names)
    found.push(
      ...declared.filter(
        ({name, kind}) => (all !== undefined || wanted.includes(name)) && (types === undefined || !values.has(kind)),
      ),
    )
  }
  const named = [...text.matchAll(/^export \{([^}]*)\};$/gm)].flatMap(([, names = '']) => namesIn(names))
  return [...found, ...declarationsIn(text, named)]
}

/** What a file does not give to those who take its types alone. */
const values: ReadonlySet<string> = new Set(['const', 'function'])

function namesIn(list: string): readonly string[] {
  return list.split(',').map((name) => name.replace(/^\s*type /, '').trim())
}

/** A docstring, where there is one, and what is declared after it, up to the line that ends it. */
const declaration =
  /^(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n)?((export )?(?:declare )?(function|class|interface|type|const) (\w+)(?:[^\n]*;\n|[^]*?\n\};?\n))/gm

function declarationsIn(text: string, named: readonly string[]): readonly Declaration[] {
  return [...text.matchAll(declaration)].flatMap(([, comment = '', whole = '', exported, kind = '', name = '']) =>
    exported === undefined && !named.includes(name)
      ? []
      : {
          name,
          kind,
          about: comment
            .split('\n')
            .map((line) => line.replace(/^\s*\* ?/, '').trim())
            .join('\n')
            .trim()
            .replace(/^@(\w+)/gm, '*$1:*'),
          text: whole.trimEnd().replace(/^ {4,}/gm, (indent) => ' '.repeat(indent.length / 2)),
        },
  )
}
