import {describe, expect, test} from 'vitest'
import {parseAllDocuments} from 'yaml'
import {z} from 'zod'
import {Folder, meshwright} from './harness.ts'

const OBJECTS = z.array(
  z.looseObject({kind: z.string(), metadata: z.looseObject({name: z.string()}), spec: z.unknown().optional()}),
)
const objectsIn = (text: string) => OBJECTS.parse(parseAllDocuments(text).map((document) => document.toJS()))

describe('install --dry-run', () => {
  test('prints everything, the namespace first and the registration last, and asks no cluster', async () => {
    const {code, stdout, stderr} = await meshwright(['install', '--dry-run'])
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    const kinds = objectsIn(stdout).map(({kind}) => kind)
    expect([kinds[0], kinds.at(-1)]).toEqual(['Namespace', 'MutatingWebhookConfiguration'])
    expect(kinds.filter((kind) => kind === 'CustomResourceDefinition')).toHaveLength(4)
  })

  test('goes by files, then words, then the mesh', async () => {
    using folder = new Folder()
    const file = folder.write('values.yaml', 'mesh: istio\nwebhook: {replicas: 5, drainSeconds: 7}\n')
    const args = ['install', '--dry-run', '--ha', '-f', file, '--set', 'webhook.drainSeconds=3', '--mesh', 'consul']
    const {stdout} = await meshwright(args)
    const text = JSON.stringify(objectsIn(stdout).filter(({kind}) => kind === 'Deployment'))
    expect(text).toContain('"replicas":5')
    expect(text).toContain('"--drain=3s"')
    expect(text).toContain('"--mesh=consul"')
    expect(text).toContain('DoNotSchedule')
  })

  test('goes into another namespace, which the registration leaves out', async () => {
    const {stdout} = await meshwright(['install', '--dry-run', '-n', 'mesh'])
    expect(stdout).not.toContain('meshwright-system')
    expect(JSON.stringify(objectsIn(stdout).at(-1))).toContain('"kube-node-lease","mesh"')
  })

  test.each([
    [['--set', 'webhook.replicas=0'], '--set webhook.replicas: '],
    [['--set', 'webhok={}'], 'webhok'],
    [['--set', 'webhook'], 'write a path and a value'],
    [['-f', 'nowhere.yaml'], 'nowhere.yaml: there is no such file'],
    [['-n', 'Mesh'], 'cannot be the name of a namespace'],
  ])('refuses %j', async (args, said) => {
    const {code, stdout, stderr} = await meshwright(['install', '--dry-run', ...args])
    expect({code, stdout}).toEqual({code: 2, stdout: ''})
    expect(stderr).toContain(said)
  })
})

test.each([['install'], ['uninstall'], ['check'], ['check', '--pre']])(
  '%s says which kubeconfig it cannot read',
  async (...args) => {
    const {code, stderr} = await meshwright([...args, '--kubeconfig', 'nowhere'])
    expect(code).toBe(2)
    expect(stderr).toContain('nowhere')
  },
)
