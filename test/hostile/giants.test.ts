import {describe, expect, it} from 'vitest'
import {answer, type Admission} from '../../src/admission/answer.ts'
import {failurePolicyOf} from '../../src/admission/failure.ts'
import {Fault} from '../../src/admission/fault.ts'
import {Reviewer} from '../../src/admission/review.ts'
import {meshNames, type MeshName} from '../../src/mesh/mesh.ts'
import {giantReviews, reviewAbout, type Giant} from './giants.ts'
import {stateOf} from './states.ts'

/** Enforced, and failures let through: what is refused here is refused by the webhook's own word. */
function admissionOf(mesh: MeshName): Admission {
  const state = stateOf(mesh, {enforced: true, failurePolicy: 'Ignore'})
  const reviewer = new Reviewer()
  return {
    mesh,
    failurePolicy: (body) => failurePolicyOf(body, state),
    review: (body, excess) => reviewer.review(body, state, excess),
  }
}

function responseTo(text: Buffer, admission: Admission) {
  const outcome = answer(text, false, admission)
  if (outcome instanceof Fault) throw new Error(outcome.body)
  return JSON.parse(outcome.body).response
}

const rows = (giants: readonly Giant[]) =>
  meshNames.flatMap((mesh) => giants.map(({name, text}) => [mesh, name, text] as const))

describe('a review that is more than a pod needs', () => {
  it.each(rows(giantReviews.beyond))('is refused in one sentence: %s, %s', (mesh, _name, text) => {
    const response = responseTo(text, admissionOf(mesh))
    expect(response).toMatchObject({uid: 'giant', allowed: false, auditAnnotations: {code: 'MW2012'}})
    expect(response.status.message).toMatch(/^MW2012: .*(are the most|more than|Kubernetes takes)/)
    expect(response.status.message.length).toBeLessThan(400)
  })

  it.each(rows(giantReviews.below))('is worked on just below the bounds: %s, %s', (mesh, _name, text) => {
    const {uid, auditAnnotations} = responseTo(text, admissionOf(mesh))
    expect(uid).toBe('giant')
    // Consul's own annotation, the whole pod, is more than Kubernetes takes.
    const codes = mesh === 'consul' ? ['MW1005', 'MW2007'] : ['MW1005']
    expect(codes).toContain(auditAnnotations.code)
  })

  it.each(['labels', 'annotations'] as const)('is refused for its namespace too: %s', (name) => {
    const crowd = Object.fromEntries(Array.from({length: 5001}, (_, i) => [`k${i}`, '']))
    const namespace = {name: 'shop', labels: {}, annotations: {}, [name]: crowd}
    const state = {...stateOf('istio', {}), objects: {get: () => undefined, namespace: () => namespace}}
    const reviewed = new Reviewer().review(JSON.parse(reviewAbout({metadata: {}, spec: {}}).toString()), state)
    expect(reviewed).toMatchObject({
      verdict: {code: 'MW2012', reason: `namespace shop: metadata.${name} has 5001 keys; 5000 are the most`},
    })
  })

  it('is let through where nothing would be injected anyway', () => {
    const admission = admissionOf('istio')
    const object = {metadata: {}, spec: {containers: [], x: 'x'.repeat(3_000_000)}}
    const codeOf = (request: object) => responseTo(reviewAbout(object, request), admission).auditAnnotations.code
    expect(codeOf({operation: 'UPDATE'})).toBe('MW1102')
    expect(codeOf({kind: {group: '', version: 'v1', kind: 'ConfigMap'}})).toBe('MW1117')
    expect(codeOf({namespace: 'meshwright-system'})).toBe('MW1101')
  })

  it('is no review where its uid does not stand before its object, as the API server writes it', () => {
    const text = Buffer.from(`{"request":{"object":"${'x'.repeat(3_000_000)}","uid":"giant"}}`)
    expect(answer(text, false, admissionOf('istio'))).toMatchObject({code: 'MW5011', status: 400})
  })
})
