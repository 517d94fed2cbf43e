import {distinct, isValid, type Trusted} from './bundle.ts'
import type {Margins, Observation} from './rotation.ts'

/** What is remembered of certificates that somebody else issues. */
export interface ExternalState {
  /** Of the Secret's `ca.crt`, as it was last usable. */
  readonly issuers: readonly Trusted[]
  /** Trusted beside them: who signed before, until every replica serves a certificate of an issuer. */
  readonly old: readonly Trusted[]
}

export type ExternalObservation = Omit<Observation, 'authority'>

/**
 * Whom the API server is to trust where somebody else fills the Secret, cert-manager for one: its `ca.crt`, and beside it
 * for a while who was trusted before, since the replicas' files follow the Secret later. Undefined where nobody is known.
 */
export function followIssuer(
  before: ExternalState | undefined,
  {now, leaf, served, replicas}: ExternalObservation,
  {settle, propagation}: Margins,
): ExternalState | undefined {
  const issuers = leaf.authorities.length > 0 ? leaf.authorities : before?.issuers
  if (issuers === undefined) return undefined
  const among = (some: readonly Trusted[]) => (one: Trusted) =>
    some.some(({fingerprint}) => fingerprint === one.fingerprint)
  const known = before === undefined ? served.trusted : distinct([...before.issuers, ...before.old])
  const old = known.filter((one) => !among(issuers)(one) && isValid(one, now))
  const {verified, refused, unreachable, allFor} = replicas
  const all = verified > 0 && refused === 0 && unreachable === 0
  const isOver =
    leaf.problem === undefined && (all ? allFor >= settle : refused === 0 && leaf.unchangedFor >= propagation)
  return {issuers, old: isOver ? [] : old}
}
