import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
  type ZlibOptions,
} from 'node:zlib'

/** Bytes that a body may become: one that becomes more was made to fill the memory of whoever reads it. */
const mostBytes = 256 * 1024 * 1024

const limited = {maxOutputLength: mostBytes}
// As browsers and Node's own fetch: what is there of a body that was cut short is read.
const lenient: ZlibOptions = {...limited, flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH}
const flush = constants.BROTLI_OPERATION_FLUSH
/** As many as Node's own fetch undoes: each could multiply the one before. */
const mostCodings = 5

type Decoder = (bytes: Buffer) => Buffer
const gunzip: Decoder = (bytes) => gunzipSync(bytes, lenient)
const decoders: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  // With the header of zlib, as the standard has it, or without, as some send it.
  ['deflate', (bytes) => (((bytes[0] ?? 0) & 0x0f) === 8 ? inflateSync : inflateRawSync)(bytes, lenient)],
  ['br', (bytes) => brotliDecompressSync(bytes, {...limited, flush, finishFlush: flush})],
  ['zstd', (bytes) => zstdDecompressSync(bytes, limited)],
])

/**
 * A body without the codings that `content-encoding` names, the last one first. As `fetch` does it: where one is unknown, the
 * body is left as it is. It is done at once, on the thread that asked: nobody here asks for coded bodies, so that they are rare.
 *
 * @throws Error where the body is not what the header says
 */
export function decoded(bytes: Buffer, contentEncoding: string | undefined): Buffer {
  // The answer to a HEAD has the header and no body.
  if (contentEncoding === undefined || bytes.length === 0) return bytes
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length > mostCodings) throw new Error(`the body has ${codings.length} codings; ${mostCodings} are undone`)
  const steps = codings.map((coding) => decoders.get(coding))
  if (steps.includes(undefined)) return bytes
  return steps.reduceRight<Buffer>((body, step) => step?.(body) ?? body, bytes)
}
