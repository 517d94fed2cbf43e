import type {Counted} from '../metric-source.ts'
import type {MeshName} from '../../mesh/mesh.ts'
import {consul} from './consul.ts'
import {istio} from './istio.ts'
import {linkerd} from './linkerd.ts'

/** What a query is about. */
export interface Subject {
  readonly service: Counted
  /** Milliseconds before now. */
  readonly window: number
  /** Services that the mesh counts parts of it under, as `related` found them. */
  readonly parts: readonly string[]
}

/** Of a sample; of all versions together where `version` is absent. */
export type Labels = Readonly<Record<string, string>>

/** How the requests ended that a sample of `counts` is about. */
export interface Ending {
  /** The class of the response's code, such as `2xx`; `none` where no response came. */
  readonly responses: string
  readonly failed: boolean
}

/**
 * How a mesh's own metrics answer what a report asks. Every query gives the service as a whole, and with the label
 * `version` its versions.
 */
export interface MeshQueries {
  /** Finds `parts`, by the label `part`; absent where a service is counted under its own name only. */
  related?(service: Counted, window: number): string
  /** Requests in the window, by labels that `ending` reads. */
  counts(subject: Subject): string
  ending(labels: Labels): Ending
  /** Milliseconds, by the label `quantile`: p50, p95, p99. */
  durations(subject: Subject): string
  /** Mean bytes, by the label `of`: request, response. Absent where the mesh does not know. */
  sizes?(subject: Subject): string
  /** A version as it was written, out of the label `version`. */
  versionOf?(label: string, service: Counted): string
}

/** Read from the meshes' own sources; docs/metrics.md says what each cannot tell. */
export const queriesOf: Readonly<Record<MeshName, MeshQueries>> = {istio, linkerd, consul}
