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

/** What to say of an error that came from outside: a file that is not there, say. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
