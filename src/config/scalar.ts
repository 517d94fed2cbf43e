import {parseInteger} from '../mesh/go/int.ts'

export type Scalar =
  | {readonly ok: true; readonly value: string | number | boolean | null}
  | {readonly ok: false; readonly message: string}

const words = new Map<string, boolean | null>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word): [string, null] => [word, null]),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word): [string, true] => [
    word,
    true,
  ]),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word): [string, false] => [
    word,
    false,
  ]),
])
const notNumbers = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/

/**
 * What an unquoted YAML scalar means to Kubernetes and Helm (sigs.k8s.io/yaml, resolve.go of go.yaml.in/yaml/v2): the
 * words of YAML 1.1, octal numbers with a leading 0, underscores between digits; timestamps and base 60 stay text. A
 * file then means what it would as a ConfigMap, a MeshConfig object or a Helm values file.
 */
export function plainScalar(source: string): Scalar {
  const word = words.get(source)
  if (word !== undefined) return {ok: true, value: word}
  if (notNumbers.test(source))
    return {ok: false, message: `${source} is not a number that JSON has; quote it to mean text`}
  if (!/^[-+.0-9]/.test(source) || isDate(source)) return {ok: true, value: source}

  const digits = source.startsWith('.') ? source : source.replaceAll('_', '')
  const integer = parseInteger(digits, 0, 64)
  const number = integer.ok ? Number(integer.value) : float.test(digits) ? Number(digits) : undefined
  if (number === undefined) return {ok: true, value: source}
  if (!Number.isFinite(number) || ((integer.ok || /^[-+]?[0-9]+$/.test(digits)) && !Number.isSafeInteger(number))) {
    return {ok: false, message: 'the number is too large to be kept exactly; quote it to mean text'}
  }
  return {ok: true, value: number}
}

/** A date such as 2026-01-31 begins like a number; Kubernetes keeps it as text. */
function isDate(source: string): boolean {
  return /^[0-9]{4}-[0-9]/.test(source)
}
