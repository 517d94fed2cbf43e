import {distinct, isDue, isValid, sameAuthorities, type Trusted} from './bundle.ts'

/** What the Secret of the authority says. */
export interface AuthorityState {
  /** Signs certificates now; absent where its key is lost. */
  readonly signer?: Trusted
  /** Signs from when the API server trusts it. */
  readonly next?: Trusted
  /** What the API server is to trust: these two, and those whose certificates may still be served. */
  readonly bundle: readonly Trusted[]
  /** A part of it cannot be read, so the bundle may lack somebody. */
  readonly damaged: boolean
  /** Somebody asked for another authority and has not got it yet. */
  readonly requested: boolean
}

/** What the Secret that the replicas mount says. Times are milliseconds since 1970. */
export interface LeafState {
  /** Why it cannot be served; undefined where it can. */
  readonly problem?: string
  /** Fingerprint of the authority that signed it. */
  readonly issuer?: string
  readonly notBefore: number
  readonly notAfter: number
  /** It is for the names that the webhook is called by. */
  readonly named: boolean
  /** Of its `ca.crt`. */
  readonly authorities: readonly Trusted[]
  /** Somebody asked for another one and has not got it yet. */
  readonly requested: boolean
  /** Milliseconds for which we have seen it as it is. */
  readonly unchangedFor: number
}

/** What the registration has the API server trust. */
export interface ServedState {
  readonly registered: boolean
  /** Of all its webhooks together. */
  readonly trusted: readonly Trusted[]
  /** Every webhook has the same authorities, and nothing that is none. */
  readonly uniform: boolean
  /** Milliseconds for which we have seen it as it is. */
  readonly unchangedFor: number
}

/** What the replicas answered when they were asked for a certificate that the signer alone vouches for. */
export interface ReplicaState {
  readonly verified: number
  /** They serve another one. */
  readonly refused: number
  /** Names of their pods, or addresses where an EndpointSlice names none. */
  readonly refusing?: readonly string[]
  readonly unreachable: number
  /** Milliseconds for which every look has found that all serve it. */
  readonly allFor: number
}

export interface Observation {
  /** Milliseconds since 1970, by the API server's clock. */
  readonly now: number
  readonly authority?: AuthorityState
  readonly leaf: LeafState
  readonly served: ServedState
  readonly replicas: ReplicaState
}

export interface Margins {
  /** Milliseconds between the moment that a bundle is seen at the API server and the moment that every API server goes by it. */
  readonly settle: number
  /** Milliseconds that a Secret may take to the files of a replica that cannot be asked. */
  readonly propagation: number
}

/** An authority that is there, one to be made, or none. */
export type Chosen = Trusted | 'new' | undefined

export interface AuthorityChange {
  readonly why: 'first' | 'lost' | 'damaged' | 'due' | 'invalid' | 'requested' | 'trusted' | 'retired'
  readonly signer: Chosen
  readonly next: Chosen
  /** Trusted beside the two. */
  readonly old: readonly Trusted[]
}

export type Phase = 'steady' | 'announcing' | 'issuing' | 'retiring'

/** What to do now: at most one Secret is written at a time. */
export interface Plan {
  readonly phase: Phase
  readonly authority?: AuthorityChange
  /** Why another certificate is issued by the signer. */
  readonly leaf?: string
}

/** Authorities in a bundle beside signer and next, at most. */
const mostOld = 8

/**
 * The next step from whatever is found. Nothing but the Secrets and the registration is remembered, so whoever takes over
 * after a crash goes on from there; only the margins begin anew.
 *
 * What holds at every step: the bundle that the API server goes by vouches for every certificate that a replica may serve.
 * So an authority is announced (in the bundle, seen there, settled) before it signs, and it leaves the bundle when every
 * replica serves a certificate of its successor.
 */
export function plan(seen: Observation, margins: Margins): Plan {
  const {now, authority, leaf, served} = seen
  const {signer, next, bundle = []} = authority ?? {}
  const valid = (all: readonly Trusted[]) => distinct(all).filter((each) => isValid(each, now))
  /** Whoever may vouch for a certificate that is served now. */
  const suspects = () => valid([...leaf.authorities, ...bundle, ...served.trusted]).slice(0, mostOld)

  if (signer === undefined && next === undefined) return found(authority, suspects())
  const issuer = leaf.authorities.find(({fingerprint}) => fingerprint === leaf.issuer)
  const isUnknown = issuer !== undefined && isValid(issuer, now) && !includes(bundle, issuer)
  if (authority?.damaged === true || isUnknown) {
    return {phase: 'announcing', authority: {why: 'damaged', signer, next, old: suspects()}}
  }
  const others = (but: Trusted) => valid(bundle).filter(({fingerprint}) => fingerprint !== but.fingerprint)
  const isSettled = settled(served, bundle, margins.settle)

  if (next !== undefined) {
    if (!isValid(next, now))
      return {phase: 'announcing', authority: {why: 'invalid', signer, next: 'new', old: valid(bundle)}}
    if (isSettled || others(next).length === 0) {
      return {phase: 'issuing', authority: {why: 'trusted', signer: next, next: undefined, old: others(next)}}
    }
    // It goes on signing, for as long as that takes.
    const isTrusted = signer !== undefined && isValid(signer, now)
    const reason = isTrusted ? leafReason(leaf, signer, now) : undefined
    const isOurs = leaf.problem !== undefined || leaf.issuer === signer?.fingerprint
    return {phase: 'announcing', ...(reason !== undefined && isOurs && {leaf: reason})}
  }
  if (signer === undefined) return {phase: 'steady'}
  if (!isValid(signer, now)) return begin('invalid', signer, others(signer))
  const old = others(signer)
  const reason = leafReason(leaf, signer, now)
  if (reason !== undefined) {
    const isSafe = leaf.issuer === signer.fingerprint || old.length === 0 || isSettled
    return {phase: old.length === 0 ? 'steady' : 'issuing', ...(isSafe && {leaf: reason})}
  }
  if (bundle.length > 1) {
    const isOver = old.length === 0 || isServed(seen, margins)
    const retire: AuthorityChange = {why: 'retired', signer, next: undefined, old: []}
    return {phase: 'retiring', ...(isOver && {authority: retire})}
  }
  if (authority?.requested === true) return begin('requested', signer, old)
  return isDue(signer, now) ? begin('due', signer, old) : {phase: 'steady'}
}

/** No authority can sign. Where somebody may be served by one that is lost, the new one is announced first. */
function found(authority: AuthorityState | undefined, old: readonly Trusted[]): Plan {
  if (old.length > 0) return {phase: 'announcing', authority: {why: 'lost', signer: undefined, next: 'new', old}}
  const why = authority === undefined ? 'first' : 'lost'
  return {phase: 'issuing', authority: {why, signer: 'new', next: undefined, old}}
}

function begin(why: AuthorityChange['why'], signer: Trusted, old: readonly Trusted[]): Plan {
  // Nobody trusts what is not valid: there is nothing that an overlap could keep.
  const isLast = why === 'invalid' && old.length === 0
  const chosen = isLast ? ({signer: 'new', next: undefined} as const) : ({signer, next: 'new'} as const)
  return {phase: isLast ? 'issuing' : 'announcing', authority: {why, ...chosen, old}}
}

/** Why the certificate is to be replaced; undefined where it is as it should be. */
function leafReason(leaf: LeafState, signer: Trusted, now: number): string | undefined {
  if (leaf.problem !== undefined) return leaf.problem
  if (leaf.issuer !== signer.fingerprint) return 'it was signed by another authority'
  if (!isValid(leaf, now)) return 'it is not valid now'
  if (!leaf.named) return 'it is for other names'
  if (leaf.requested) return 'another one was asked for'
  return isDue(leaf, now) ? 'two thirds of its life are over' : undefined
}

function settled(
  {registered, trusted, uniform, unchangedFor}: ServedState,
  bundle: readonly Trusted[],
  settle: number,
) {
  return unchangedFor >= settle && (!registered || (uniform && sameAuthorities(trusted, bundle)))
}

/** Every replica serves a certificate of the signer, or must by now. */
function isServed({leaf, replicas}: Observation, {settle, propagation}: Margins): boolean {
  const {verified, refused, unreachable, allFor} = replicas
  if (refused > 0) return false
  if (verified > 0 && unreachable === 0) return allFor >= settle
  return leaf.unchangedFor >= propagation
}

function includes(bundle: readonly Trusted[], one: Trusted): boolean {
  return bundle.some(({fingerprint}) => fingerprint === one.fingerprint)
}
