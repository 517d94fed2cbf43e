import {readdirSync, readFileSync} from 'node:fs'
import {join, relative} from 'node:path'
import {parseSync} from 'oxc-parser'

export interface Expression {
  /** `src/config/read.ts:174` */
  readonly place: string
  readonly source: string
  readonly flags: string
}

export interface Expressions {
  readonly literals: readonly Expression[]
  /** Places where one is made out of a text at run time. */
  readonly made: readonly string[]
}

const aid = /\.test\.ts$|^simulated-/

/** Every regular expression of the sources under a folder, tests and their aids left out. */
export function expressionsIn(root: string, folder: string): Expressions {
  const literals: Expression[] = []
  const made: string[] = []
  for (const entry of readdirSync(join(root, folder), {recursive: true, withFileTypes: true})) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || aid.test(entry.name)) continue
    const file = join(entry.parentPath, entry.name)
    const text = readFileSync(file, 'utf8')
    const {program, errors} = parseSync(file, text)
    if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
    visit(program, (node) => {
      const start: unknown = node['start']
      const line = text.slice(0, typeof start === 'number' ? start : 0).split('\n').length
      const place = `${relative(root, file)}:${line}`
      const regex: unknown = node['regex']
      if (isNode(regex)) literals.push({place, source: String(regex['pattern']), flags: String(regex['flags'])})
      const callee: unknown = node['callee']
      const makes = node['type'] === 'NewExpression' || node['type'] === 'CallExpression'
      if (makes && isNode(callee) && callee['name'] === 'RegExp') made.push(relative(root, file))
    })
  }
  return {literals, made: [...new Set(made)].sort()}
}

type Node = Record<string, unknown>

function visit(value: unknown, found: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, found)
  else if (isNode(value)) {
    found(value)
    for (const below of Object.values(value)) visit(below, found)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
