/** Bytes that nearly every patch fits into. */
const usualBytes = 64 * 1024

/**
 * Base64 of UTF-8 text through one buffer: to allocate one for every patch costs more than the encoding, and is garbage that
 * V8 counts apart from its own.
 */
export class Base64 {
  readonly #bytes = Buffer.allocUnsafeSlow(usualBytes)

  encode(text: string): string {
    // A UTF-16 unit takes three bytes at most.
    if (text.length * 3 > usualBytes) return Buffer.from(text).toString('base64')
    return this.#bytes.toString('base64', 0, this.#bytes.write(text))
  }
}
