/** 1: refused or different. 2: the command line itself is wrong. */
export type FailureCode = 1 | 2

/** Ends a command with a sentence on stderr (none where the report has said it all) and an exit code. */
export class Failure extends Error {
  readonly exitCode: FailureCode

  constructor(message: string, exitCode: FailureCode = 1) {
    super(message)
    this.name = 'Failure'
    this.exitCode = exitCode
  }
}

const reasons = new Map([
  ['ENOENT', 'there is no such file or directory'],
  ['EACCES', 'permission denied'],
])

/** What to say of an error that came from outside: a file that is not there, say. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  return reasons.get(code) ?? error.message
}
