import {sha256} from '@noble/hashes/sha2.js'
import {bytesToHex, utf8ToBytes} from '@noble/hashes/utils.js'

/**
 * The trust anchors as the proxy's environment holds them, and their SHA-256 for `linkerd.io/trust-root-sha256`. Linkerd
 * hashes the ConfigMap that its chart wrote, where they stand trimmed; one from elsewhere (`externalCA`) as it is.
 */
export function trustRoots(pem: string, external: boolean): {readonly text: string; readonly hash: string} {
  const trimmed = pem.trim()
  // The environment variable is a YAML block: it ends in one line break, and every line break is a plain one.
  const text = trimmed === '' ? '' : `${trimmed.replaceAll(/\r\n?/g, '\n')}\n`
  return {text, hash: trimmed === '' ? '' : bytesToHex(sha256(utf8ToBytes(external ? pem : trimmed)))}
}
