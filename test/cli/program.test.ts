import {describe, expect, it} from 'vitest'
import manifest from '../../package.json' with {type: 'json'}
import {Folder, meshwright} from './harness.ts'

describe('the command line', () => {
  it.each([
    [['injct'], "error: unknown command 'injct'\n(Did you mean inject?)\n"],
    [['inject', '--confg', 'x'], "error: unknown option '--confg'\n(Did you mean --config?)\n"],
    [['inject', '-f'], "error: option '-f, --filename <path>' argument missing\n"],
    [['completion', 'tcsh'], "error: command-argument value 'tcsh' is invalid for argument 'shell'."],
    [['inject', '--mesh', 'kuma', '-f', 'x'], 'Allowed choices are istio, linkerd, consul.'],
    [['version', 'extra'], 'error: too many arguments'],
  ])('%j is a usage error with a hint', async (args, stderr) => {
    expect(await meshwright(args)).toEqual({code: 2, stdout: '', stderr: expect.stringContaining(stderr)})
  })

  it('prints help on stdout when asked, on stderr as a usage error', async () => {
    const asked = await meshwright(['--help'])
    expect(asked).toMatchObject({code: 0, stderr: ''})
    expect(await meshwright([])).toEqual({code: 2, stdout: '', stderr: asked.stdout})
  })

  it.each([
    'webhook',
    'inject',
    'uninject',
    'explain',
    'check-inject',
    'render',
    'validate',
    'capabilities',
    'config',
    'init',
    'dev',
    'certs',
    'version',
    'completion',
  ])('has help for %s, the same both ways', async (name) => {
    const long = await meshwright([name, '--help'])
    expect(long).toMatchObject({code: 0, stderr: '', stdout: expect.stringContaining(`Usage: meshwright ${name}`)})
    expect(await meshwright(['help', name])).toEqual(long)
  })

  it('says versions, as text and as JSON', async () => {
    const {stdout} = await meshwright(['version', '-o', 'json'])
    expect(JSON.parse(stdout)).toEqual({
      meshwright: manifest.version,
      node: process.versions.node,
      meshes: {istio: '1.31', linkerd: '2.20', consul: 'consul-k8s 2.0.3'},
    })
    expect((await meshwright(['version'])).stdout).toContain(`meshwright   ${manifest.version}\n`)
    expect((await meshwright(['--version'])).stdout).toBe(`${manifest.version}\n`)
  })

  it('shows a broken configuration by file, line and column, and no stack', async () => {
    using folder = new Folder()
    const config = folder.write('mesh.yaml', 'mesh:\n  autoinject: true\n')
    const {code, stdout, stderr} = await meshwright(['inject', '-f', '-', '--config', config])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/mesh\.yaml:2:3 MW4003 .*autoInject/)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})
