/** What became of a rule. */
export interface Applied {
  /** True where the mesh follows it to the letter. */
  readonly exact: boolean
  /** What is lost, a sentence each; empty where nothing is. */
  readonly approximations: readonly string[]
}

/** How long to wait. */
export interface AppliedOptions {
  /** Gives up waiting; the promise then rejects with its reason. */
  readonly signal?: AbortSignal
}

/** A rule that was registered. Its promises may be left alone: what goes wrong is told to `mesh.on('error')` as well. */
export interface Handle {
  /**
   * Resolves when the rule has been taken: written to the cluster, or in force in process. Rejects with a MeshError: a
   * MeshPermissionError where the cluster does not let this service write it, a MeshRuleError where the rule is refused.
   */
  accepted(): Promise<void>
  /**
   * Resolves when the mesh follows the rule, and says what is lost on the way. Rejects with a MeshRuleError where the mesh
   * cannot follow it, naming the reason, or where the same reason has kept it from following for half a minute. In a
   * cluster the controller has to run.
   */
  applied(options?: AppliedOptions): Promise<Applied>
  /** Takes the rule back. Resolves when it is gone; does nothing where a later call has taken the rule's place. */
  dispose(): Promise<void>
}
