import {spawnSync} from 'node:child_process'
import {cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'certs/README.md',
  ...['docs', 'docs/sdk', 'docs/decisions', 'test/fuzz'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((page) => `${folder}/${page}`),
  ),
].filter((page) => page.endsWith('.md'))
const ci = readFileSync(join(root, '.ci/run'), 'utf8')

interface Command {
  readonly page: string
  readonly line: number
  readonly text: string
}

/** The lines of every fenced block marked `sh`; a line that ends in a backslash goes on. */
function commandsOf(page: string): Command[] {
  const commands: Command[] = []
  let inside = false
  let pending: Command | undefined
  for (const [i, text] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    if (text.startsWith('```')) inside = text === '```sh'
    else if (inside && text.trim() !== '' && !text.startsWith('#')) {
      const command: Command =
        pending === undefined ? {page, line: i + 1, text} : {...pending, text: `${pending.text}\n${text}`}
      pending = text.endsWith('\\') ? command : undefined
      if (pending === undefined) commands.push(command)
    }
  }
  return commands
}

const commands = pages.flatMap(commandsOf)
/** What CI runs as a stage of its own; running it here would run this test in itself. */
const made = /^make [a-z0-9-]+/
const ofCi = (text: string) => made.exec(text)?.[0] ?? ''

describe('every command of the documentation', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-docs-'))
    for (const part of ['bin', 'examples', 'package.json', 'src', 'docs', 'test']) {
      cpSync(join(root, part), join(folder, part), {recursive: true, filter: (path) => !path.includes('node_modules')})
    }
    for (const part of ['node_modules', 'dist']) symlinkSync(join(root, part), join(folder, part))
  })
  afterAll(() => rmSync(folder, {recursive: true, force: true}))

  test('is found', () => {
    expect(commands.length).toBeGreaterThan(10)
  })

  test.each(commands.filter(({text}) => made.test(text)))(
    '$page:$line $text is a stage of CI or of the Makefile',
    ({text}) => {
      const target = ofCi(text).slice('make '.length)
      expect(readFileSync(join(root, 'Makefile'), 'utf8')).toMatch(new RegExp(`^${target}:`, 'm'))
      if (!['bench', 'fuzz'].includes(target)) expect(ci).toContain(`make ${target}`)
    },
  )

  test.each(commands.filter(({text}) => !made.test(text)))('$page:$line $text', ({text}) => {
    const {status, stderr} = spawnSync('sh', ['-ec', text], {cwd: folder, encoding: 'utf8', timeout: 60_000})
    expect(status, stderr).toBe(0)
  })
})

describe('every link of the documentation', () => {
  test.each(pages)('%s leads somewhere', (page) => {
    const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
      ([, link = '']) => link,
    )
    const missing = links.filter((link) => !existsSync(join(root, page, '..', link)))
    expect(missing).toEqual([])
  })

  test.each(pages)('%s leads to headings that there are', (page) => {
    const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]*\.md)?#([^)]+)\)/g)]
    const missing = links.filter(([, to, anchor = '']) => {
      const target = to === undefined ? page : join(page, '..', to)
      return !anchorsOf(readFileSync(join(root, target), 'utf8')).includes(anchor)
    })
    expect(missing.map(([link]) => link)).toEqual([])
  })
})

/** As code hosts make them of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}
