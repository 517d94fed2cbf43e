import {pino, type Logger} from 'pino'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export type Log = Logger

/** Where log lines go. */
export interface LogSink {
  write(line: string): unknown
  /** Waits until everything is written. */
  flushSync?(): void
}

/** Bytes that wait for a reader who has stopped reading; what comes after them is dropped, for admission must not wait. */
const longestQueue = 4 * 1024 * 1024

/** A sink that gathers lines into few writes: a write for each line would cost more than the line. */
export function bufferedSink(fd: number): LogSink {
  // As bytes, for of text it joins, copies and counts all that waits with every line. Its types know text only.
  const destination: {write(line: Buffer | string): unknown; flushSync(): void} = pino.destination({
    fd,
    sync: false,
    contentMode: 'buffer',
    minLength: 65_536,
    maxWrite: 131_072,
    maxLength: longestQueue,
    periodicFlush: 200,
  })
  return {
    write: (line) => destination.write(Buffer.from(line)),
    flushSync: () => destination.flushSync(),
  }
}

/** One JSON object a line, with the level as a word and the time in milliseconds since 1970. */
export function createLog(level: LogLevel, sink: LogSink): Log {
  return pino({level, base: null, formatters: {level: (label) => ({level: label})}}, sink)
}
