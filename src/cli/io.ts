export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
}

/** Everything that a command touches outside itself; tests hand in their own. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** What relative paths start from. */
  readonly cwd: string
  /** Absent where nobody can tell a command to stop. */
  readonly lifetime?: Lifetime
}

/** How a command that runs until it is told to stop hears of it. */
export interface Lifetime {
  /** Calls `listener` at each SIGTERM and SIGINT, which do nothing else from then on; with its name, where there is one. */
  onStop(listener: (signal?: NodeJS.Signals) => void): void
  /** Ends the process at once. */
  exit(code: number): void
}
