import {z} from 'zod'
import type {ResourceKind} from '../mesh/resource.ts'
import type {KubeApi} from './api.ts'

/** Stored nowhere: the API server answers who asks, and when. Everybody who is authenticated may ask. */
export const selfSubjectReviews: ResourceKind = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
}

const REVIEW = z.looseObject({metadata: z.looseObject({creationTimestamp: z.iso.datetime()})})

/**
 * The API server's clock, in milliseconds since 1970, to the second: it is the API server that finds a certificate valid
 * or not, whatever the clock of this machine says.
 *
 * @throws KubeError
 */
export async function clusterTime(api: KubeApi): Promise<number> {
  const {apiVersion, kind} = selfSubjectReviews
  const review = await api.create(selfSubjectReviews, {apiVersion, kind, metadata: {name: 'now'}}, {timeout: 10_000})
  return Date.parse(REVIEW.parse(review).metadata.creationTimestamp)
}
