import {readStatus} from '../../controller/status.ts'
import type {KubeObject} from '../../mesh/pod.ts'
import {MeshRuleError} from '../errors.ts'
import type {Fragment} from '../fragment.ts'
import type {Applied} from '../handle.ts'

/** What the status of a rule says of what was put. */
export type Verdict =
  | {readonly kind: 'applied'; readonly applied: Applied}
  /** The controller has not come to it, or could not write it yet: then why, in its words. */
  | {readonly kind: 'waiting'; readonly because: string}

/** Milliseconds for which the controller may say the same of what it could not write: it tries again, and others may mend it. */
export const patience = 30_000

/** @throws MeshRuleError where the controller has refused it, or a part of it: waiting would not help */
export function verdictOf({metadata, ...object}: KubeObject, {kind, service}: Fragment): Verdict {
  const status = readStatus(object['status'])
  const generation = Number(metadata?.['generation'] ?? 0)
  if (status === undefined || status.observedGeneration < generation) return {kind: 'waiting', because: ''}
  const condition = (type: string) => status.conditions.find((one) => one.type === type)
  const [accepted, programmed] = [condition('Accepted'), condition('Programmed')]
  if (accepted?.status === 'False') throw new MeshRuleError(`${kind} ${service.name}: ${accepted.message}`)
  if (programmed?.status !== 'True') {
    const because = programmed === undefined ? '' : `${programmed.reason}: ${programmed.message}`
    if (programmed?.reason === 'Refused') throw new MeshRuleError(`${kind} ${service.name}: ${because}`)
    return {kind: 'waiting', because}
  }
  const approximations = (status.findings ?? [])
    .filter((finding) => finding.kind !== 'refused')
    .map(({code, path, message}) => `${code} ${path}: ${message}`)
  return {kind: 'applied', applied: {exact: approximations.length === 0, approximations}}
}

/** That the mesh does not have it, and why, after `patience`. */
export function notProgrammed({kind, service}: Fragment, because: string): MeshRuleError {
  return new MeshRuleError(`${kind} ${service.name} is not in force after ${patience / 1000} s: ${because}`)
}
