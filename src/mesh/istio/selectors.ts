import type {StringMap} from '../pod.ts'
import {isValues} from '../values.ts'

interface Requirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values: readonly string[]
}

/** A Kubernetes label selector: all requirements must hold. */
export type LabelSelector = readonly Requirement[]

export function isIn(key: string, ...values: readonly string[]): Requirement {
  return {key, operator: 'In', values}
}

export function isNotIn(key: string, ...values: readonly string[]): Requirement {
  return {key, operator: 'NotIn', values}
}

export function isAbsent(key: string): Requirement {
  return {key, operator: 'DoesNotExist', values: []}
}

/** True where every requirement holds; NotIn holds for an absent label too. */
export function matches(selector: LabelSelector, labels: StringMap): boolean {
  return selector.every(({key, operator, values}) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value)
      case 'NotIn':
        return value === undefined || !values.includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        break
    }
    return value === undefined
  })
}

/**
 * Reads a metav1.LabelSelector. `undefined` where Kubernetes would call it invalid, which istiod logs and skips, as it does an
 * empty one; a type that does not fit is a message, for istiod cannot load such a configuration.
 */
export function readSelector(value: unknown): LabelSelector | undefined | {readonly message: string} {
  if (!isValues(value)) return {message: 'a selector must be a map of matchLabels and matchExpressions'}
  const requirements: Requirement[] = []
  const labels = value['matchLabels'] ?? {}
  if (!isValues(labels)) return {message: 'matchLabels must be a map'}
  for (const [key, wanted] of Object.entries(labels)) {
    if (typeof wanted !== 'string') return {message: `matchLabels.${key} must be text`}
    requirements.push(isIn(key, wanted))
  }
  const expressions = value['matchExpressions'] ?? []
  if (!Array.isArray(expressions)) return {message: 'matchExpressions must be a list'}
  let valid = true
  for (const expression of expressions) {
    if (!isValues(expression)) return {message: 'an element of matchExpressions must be a map'}
    const {key = '', operator = '', values = []} = expression
    if (typeof key !== 'string' || typeof operator !== 'string' || !isTexts(values)) {
      return {message: 'key, operator and values of matchExpressions must be text'}
    }
    const requirement = requirementOf(key, operator, values)
    if (requirement === undefined) valid = false
    else requirements.push(requirement)
  }
  return valid && requirements.length > 0 && requirements.every(isValid) ? requirements : undefined
}

function requirementOf(key: string, operator: string, values: readonly string[]): Requirement | undefined {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0 ? {key, operator, values} : undefined
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0 ? {key, operator, values} : undefined
    default:
      return undefined
  }
}

const name = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const prefix = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** A qualified name as key and label values, or Kubernetes calls the selector invalid. */
function isValid({key, values}: Requirement): boolean {
  const slash = key.indexOf('/')
  const short = key.slice(slash + 1)
  if (slash >= 0 && (slash > 253 || !prefix.test(key.slice(0, slash)))) return false
  if (short.length > 63 || !name.test(short)) return false
  return values.every((value) => value === '' || (value.length <= 63 && name.test(value)))
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
