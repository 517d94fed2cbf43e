import type {InstallValues} from './values.ts'

/** One installation: what was chosen, and where it goes. */
export interface Release {
  readonly values: InstallValues
  /** Meshwright's own. */
  readonly namespace: string
  /** The tag of the image where none is chosen. */
  readonly version: string
}
