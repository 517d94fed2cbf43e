import type {KubeObject} from '../mesh/pod.ts'

export interface Occurrence {
  readonly regarding: KubeObject
  readonly type: 'Normal' | 'Warning'
  /** UpperCamelCase, at most 128 characters. */
  readonly reason: string
  /** What was being done: UpperCamelCase, at most 128 characters. */
  readonly action: string
  /** A sentence; cut at 1,024 bytes. */
  readonly note: string
}
