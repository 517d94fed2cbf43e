import type {Fragment} from './fragment.ts'

/** What became of a rule. */
export interface Applied {
  /** True where the mesh follows it to the letter. */
  readonly exact: boolean
  /** What is lost, a sentence each; empty where nothing is. */
  readonly approximations: readonly string[]
}

/** A rule that was registered. */
export interface Handle {
  /** Resolves when the rule has been taken: written to the cluster, or in force in process. Rejects with a MeshError. */
  accepted(): Promise<void>
  /** Resolves when the mesh follows the rule. Rejects with a MeshRuleError where it cannot, naming the reason. */
  applied(): Promise<Applied>
  /** Takes the rule back. */
  dispose(): Promise<void>
}

/** Where rules are kept: in the cluster, or in process. */
export interface RuleStore {
  put(fragment: Fragment): Promise<void>
  remove(fragment: Fragment): Promise<void>
  /** Settles when what holds of the fragment's object is known. */
  applied(fragment: Fragment, signal: AbortSignal): Promise<Applied>
  close(): Promise<void>
}
