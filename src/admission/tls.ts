import type {SecureContextOptions} from 'node:tls'

/** PEM texts of a served certificate (the leaf first, then what leads to its authority) and its private key. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** TLS 1.3, and of TLS 1.2 only what encrypts with authentication and forgets its keys. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Throws where the pair cannot be used. */
export function tlsOptions({cert, key}: KeyPair): SecureContextOptions {
  return {cert, key, ciphers, honorCipherOrder: true, minVersion: 'TLSv1.2'}
}
