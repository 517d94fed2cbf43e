/** What became of a wish that the mesh cannot follow to the letter. */
export type FindingKind = 'approximated' | 'ignored' | 'replaced' | 'unheeded' | 'forbidden'

/** Said to the user in a review's warnings, on stderr of `inject`, and by `config render`: never silence. */
export interface Finding {
  readonly kind: FindingKind
  /** The configuration path or the annotation that was written, such as `mesh.sidecarImage`. */
  readonly key: string
  /** One sentence: what happens instead and why. Together with the key it should fit in 100 characters where it can. */
  readonly message: string
}
