import {readYaml} from '../go/yaml.ts'
import type {StringMap} from '../pod.ts'
import {isValues} from '../values.ts'
import {shown} from './shown.ts'

type Requirement = {readonly key: string} & (
  | {readonly operator: 'In' | 'NotIn'; readonly values: ReadonlySet<string>}
  | {readonly operator: 'Exists' | 'DoesNotExist'}
)

/** A Kubernetes label selector: every requirement must hold. */
export type Selector = readonly Requirement[]

export type SelectorReading =
  | {readonly ok: true; readonly selector: Selector}
  | {readonly ok: false; readonly message: string}

export function selects(selector: Selector, labels: StringMap): boolean {
  return selector.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
    switch (requirement.operator) {
      case 'In':
        return value !== undefined && requirement.values.has(value)
      case 'NotIn':
        return value === undefined || !requirement.values.has(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        break
    }
    return value === undefined
  })
}

/** Reads a label selector from YAML text, as the chart's `connectInject.namespaceSelector` holds it. */
export function readSelector(text: string): SelectorReading {
  if (text.includes('{{')) return refused('templates are not supported here yet; write the label selector out')
  const yaml = readYaml(text)
  if (!yaml.ok) return refused(yaml.message)
  const {value} = yaml
  if (value === null) return {ok: true, selector: []}
  if (!isValues(value)) return refused('a label selector has matchLabels and matchExpressions')
  const unknown = Object.keys(value).find((key) => key !== 'matchLabels' && key !== 'matchExpressions')
  if (unknown !== undefined) return refused(`${shown(unknown)} is neither matchLabels nor matchExpressions`)

  const {matchLabels, matchExpressions} = value
  const requirements: Requirement[] = []
  if (isValues(matchLabels)) {
    for (const [key, label] of Object.entries(matchLabels)) {
      if (typeof label !== 'string') return refused(`matchLabels.${key} must be a text`)
      requirements.push({key, operator: 'In', values: new Set([label])})
    }
  } else if (matchLabels !== undefined && matchLabels !== null) {
    return refused('matchLabels must be a map of texts')
  }
  if (matchExpressions !== undefined && matchExpressions !== null && !Array.isArray(matchExpressions)) {
    return refused('matchExpressions must be a list')
  }
  for (const expression of Array.isArray(matchExpressions) ? matchExpressions : []) {
    const requirement = readRequirement(expression)
    if (requirement === undefined) {
      return refused(
        'each of matchExpressions has a key, an operator (In, NotIn, Exists or DoesNotExist) and its values',
      )
    }
    requirements.push(requirement)
  }
  return {ok: true, selector: requirements}
}

function readRequirement(expression: unknown): Requirement | undefined {
  if (!isValues(expression)) return undefined
  const {key, operator, values} = expression
  if (typeof key !== 'string') return undefined
  const texts = Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
  if (Array.isArray(values) && texts.length < values.length) return undefined
  switch (operator) {
    case 'In':
    case 'NotIn':
      return texts.length > 0 ? {key, operator, values: new Set(texts)} : undefined
    case 'Exists':
    case 'DoesNotExist':
      return texts.length === 0 ? {key, operator} : undefined
    default:
      return undefined
  }
}

function refused(message: string): SelectorReading {
  return {ok: false, message}
}
