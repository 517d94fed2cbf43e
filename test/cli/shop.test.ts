import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {beforeAll, describe, expect, it} from 'vitest'
import {judge} from '../../examples/shop/checks.ts'
import {readShop, type ShopPod} from '../../examples/shop/pods.ts'
import {ObjectIndex} from '../../src/admission/objects.ts'
import {Reviewer} from '../../src/admission/review.ts'
import {Shapes} from '../../src/admission/shape.ts'
import {prepareEnvironments} from '../../src/admission/state.ts'
import {loadConfiguration} from '../../src/config/load.ts'
import {root} from './harness.ts'

interface Answer {
  response: {uid: string; patch: string; allowed: boolean; auditAnnotations: Record<string, string>}
}
type Operation = {op: string; path: string; value?: unknown}

const folder = join(root, 'examples/shop')
let pods: readonly ShopPod[]
let answer: string

beforeAll(() => {
  const read = (name: string) => ({name, text: readFileSync(join(folder, name), 'utf8')})
  const shop = readShop(
    readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .map(read),
  )
  pods = shop.pods
  const loading = loadConfiguration([{file: 'mesh.yaml', text: read('mesh.yaml').text}])
  if (!loading.ok) throw new Error('the configuration cannot be used')
  const objects = new ObjectIndex(shop.objects)
  const preparation = prepareEnvironments(loading.loaded, objects, {mesh: 'linkerd'})
  if (!preparation.ok) throw new Error('the configuration cannot be used')
  const {base, environments} = preparation.prepared
  const {namespace, pod: object} = migrate()
  const request = {uid: 'u', namespace, operation: 'CREATE', kind: {group: '', version: 'v1', kind: 'Pod'}, object}
  const reviewed = new Reviewer().review(
    {apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request},
    {base, environments, objects, shapes: new Shapes(), ownNamespace: ''},
  )
  if ('badRequest' in reviewed) throw new Error(reviewed.badRequest)
  answer = reviewed.body
})

function migrate(): ShopPod {
  const pod = pods.find(({workload}) => workload === 'job/migrate')
  if (pod === undefined) throw new Error('no job')
  return pod
}

/** What is found wrong with the webhook's answer after somebody has meddled with it. */
function faults(meddle: (answer: Answer, patch: Operation[]) => void): readonly string[] {
  const doctored: Answer = JSON.parse(answer)
  const patch: Operation[] = JSON.parse(Buffer.from(doctored.response.patch, 'base64').toString())
  meddle(doctored, patch)
  doctored.response.patch = Buffer.from(JSON.stringify(patch)).toString('base64')
  return judge('linkerd', migrate(), 'u', doctored).faults
}

describe('the main job', () => {
  it('admits a pod of every workload', () => {
    expect(pods.map(({workload}) => workload).toSorted()).toEqual([
      'cronjob/nightly-report',
      'deployment/notification-service',
      'deployment/order-service',
      'deployment/payment-service',
      'deployment/product-service-v1',
      'deployment/product-service-v2',
      'deployment/user-service',
      'job/migrate',
    ])
  })

  it('finds nothing wrong with the answer of the webhook', () => {
    expect(faults(() => undefined)).toEqual([])
  })

  it.each<[string, (answer: Answer, patch: Operation[]) => void, string]>([
    ['another uid', ({response}) => void (response.uid = 'v'), 'the uid is not echoed'],
    ['a refusal', ({response}) => void (response.allowed = false), 'refused'],
    ['another reason', ({response}) => void (response.auditAnnotations['code'] = 'MW1001'), 'not MW1005'],
    ['no sidecar', (_, patch) => void patch.splice(0), 'linkerd-proxy is not a native sidecar'],
    [
      'a patch that does not apply',
      (_, patch) => void patch.push({op: 'remove', path: '/spec/none'}),
      'does not apply',
    ],
    [
      'a lost field',
      (_, patch) => void patch.push({op: 'remove', path: '/spec/containers/0/command'}),
      'lost its command',
    ],
    [
      'a lost container',
      (_, patch) => void patch.push({op: 'replace', path: '/spec/containers', value: []}),
      'the order of containers',
    ],
    ['a lost label', (_, patch) => void patch.push({op: 'remove', path: '/metadata/labels/app'}), 'metadata has lost'],
    [
      'a changed setting',
      (_, patch) => void patch.push({op: 'replace', path: '/spec/restartPolicy', value: 'Always'}),
      'spec.restartPolicy has changed',
    ],
    [
      'a name twice',
      (_, patch) => void patch.push({op: 'add', path: '/spec/containers/-', value: {name: 'migrate', image: 'x'}}),
      'two containers have one name',
    ],
    [
      'a mount of nothing',
      (_, patch) => void patch.push({op: 'remove', path: '/spec/volumes/0'}),
      'there is no volume',
    ],
  ])('finds %s', (_, meddle, fault) => {
    expect(faults(meddle).join('\n')).toContain(fault)
  })
})
