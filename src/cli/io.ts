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
}
