/** What one look at a cluster came to. */
export interface CheckResult {
  /** Which group of looks it belongs to. */
  readonly about: CheckArea
  readonly state: 'good' | 'warning' | 'bad'
  /** One sentence: what holds, or what does not. */
  readonly message: string
  /** What to do about it; with everything that is not good. */
  readonly hint?: string
}

export type CheckArea =
  | 'API server'
  | 'mesh'
  | 'rules'
  | 'webhook'
  | 'registration'
  | 'certificates'
  | 'controller'
  | 'injectors'
  | 'sidecars'

export const good = (about: CheckArea, message: string): CheckResult => ({about, state: 'good', message})
export const warning = (about: CheckArea, message: string, hint: string): CheckResult => ({
  about,
  state: 'warning',
  message,
  hint,
})
export const bad = (about: CheckArea, message: string, hint: string): CheckResult => ({
  about,
  state: 'bad',
  message,
  hint,
})
