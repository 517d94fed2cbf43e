import {spawnSync} from 'node:child_process'
import {beforeAll, describe, expect, it} from 'vitest'
import {Folder, meshwright} from './harness.ts'

let script: string

beforeAll(async () => {
  const {code, stdout} = await meshwright(['completion', 'bash'])
  expect(code).toBe(0)
  script = stdout
})

/** What bash offers for the last of these words. */
function offered(words: readonly string[], cwd = '/'): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ')
  const ask = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _meshwright; printf '%s\\n' "\${COMPREPLY[@]}"`
  const {stdout, stderr, status} = spawnSync('bash', ['--norc', '-c', ask], {encoding: 'utf8', cwd})
  expect({stderr, status}).toEqual({stderr: '', status: 0})
  return stdout.split('\n').filter(Boolean)
}

describe('bash completion', () => {
  it('offers commands', () => {
    expect(offered(['meshwright', ''])).toEqual(
      expect.arrayContaining(['inject', 'check-inject', 'config', 'completion']),
    )
    expect(offered(['meshwright', 'un'])).toEqual(['uninject', 'uninstall'])
  })

  it('offers the commands below a command', () => {
    expect(offered(['meshwright', 'config', ''])).toEqual(
      expect.arrayContaining(['render', 'diff', 'explain', 'schema']),
    )
  })

  it('offers options, also those of a command below a command', () => {
    expect(offered(['meshwright', 'inject', '--a'])).toEqual(['--always'])
    expect(offered(['meshwright', 'config', 'render', '--e'])).toEqual(['--env'])
  })

  it('offers the values of an option with a closed list', () => {
    expect(offered(['meshwright', 'inject', '--mesh', ''])).toEqual(['istio', 'linkerd', 'consul'])
    expect(offered(['meshwright', 'check-inject', '-o', 'w'])).toEqual(['wide'])
    expect(offered(['meshwright', 'completion', 'f'])).toEqual(['fish'])
  })

  it('offers files where a file is wanted, and nothing where a name is', () => {
    using folder = new Folder()
    folder.write('mesh.yaml', '')
    expect(offered(['meshwright', 'inject', '--config', 'm'], folder.path)).toEqual(['mesh.yaml'])
    expect(offered(['meshwright', 'inject', '-f', 'm'], folder.path)).toEqual(['mesh.yaml'])
    expect(offered(['meshwright', 'inject', '-n', 'm'], folder.path)).toEqual([])
  })
})

it.each(['zsh', 'fish'])('the script for %s knows every command and option that bash does', async (shell) => {
  const {code, stdout} = await meshwright(['completion', shell])
  expect(code).toBe(0)
  const help = await meshwright(['inject', '--help'])
  const options = help.stdout.match(/--[a-z-]+/g) ?? []
  expect(options.length).toBeGreaterThan(5)
  for (const option of options) expect(stdout).toContain(shell === 'fish' ? `-l ${option.slice(2)}` : option)
  for (const value of ['check-inject', 'istio linkerd consul']) expect(stdout).toContain(value)
})
