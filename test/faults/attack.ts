import {z} from 'zod'

/** What `giants.worker.ts` is to do. */
export const ATTACK = z.object({
  port: z.number(),
  /** PEM of whom to trust. */
  ca: z.string(),
  /** Bytes of bodies that say how long they are. */
  announced: z.array(z.number()),
  /** Bytes of bodies that do not. */
  streamed: z.array(z.number()),
  /** How often every giant review is sent that the server takes: it is read, and refused or worked on. */
  rounds: z.number(),
  /** Connections that begin a request and never go on with it. */
  slow: z.number(),
})
export type Attack = z.infer<typeof ATTACK>

/** What became of an attack. */
export const DAMAGE = z.object({
  /** HTTP statuses of the bodies beyond the limit; 0 for no answer. */
  statuses: z.array(z.number()),
  /** Codes of the answers to giant reviews, or what came instead. */
  codes: z.array(z.string()),
  slow: z.object({
    /** Handshakes that were finished, and half a request written. */
    opened: z.number(),
    /** Open at the same time, at most. */
    held: z.number(),
    /** Reasons of those that were not opened. */
    errors: z.array(z.string()),
  }),
})
export type Damage = z.infer<typeof DAMAGE>
