import type {StringMap} from '../pod.ts'
import {isValues} from '../values.ts'
import type {ValuesReader} from './reader.ts'

type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'

interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
}

/** A Kubernetes label selector: every requirement must hold. */
export type Selector = readonly Requirement[]

const operators: readonly Operator[] = ['In', 'NotIn', 'Exists', 'DoesNotExist']

/** The requirement that labels do not meet, or undefined where all hold. */
export function unmet(selector: Selector, labels: StringMap | undefined): Requirement | undefined {
  return selector.find((requirement) => !holds(requirement, labels))
}

function holds({key, operator, values}: Requirement, labels: StringMap | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  const listed = value !== undefined && values.includes(value)
  return operator === 'In' ? listed : !listed
}

/** True where the requirement shuts out what carries a label, instead of asking for one. */
export function excludes({operator}: Requirement): boolean {
  return operator === 'NotIn' || operator === 'DoesNotExist'
}

export function describeRequirement({key, operator, values}: Requirement): string {
  return values.length === 0 ? `${key} ${operator}` : `${key} ${operator} [${values.join(', ')}]`
}

export function readSelector(read: ValuesReader, ...path: string[]): Selector {
  const labels = Object.keys(read.map(...path, 'matchLabels')).map((key): Requirement => {
    return {key, operator: 'In', values: [read.text(...path, 'matchLabels', key)]}
  })
  const expressions = read.list(...path, 'matchExpressions').flatMap((item, i): Requirement[] => {
    const {key, operator, values} = isValues(item) ? item : {}
    const known = operators.find((name) => name === operator)
    const texts = Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
    const needsValues = known === 'In' || known === 'NotIn'
    if (typeof key === 'string' && known !== undefined && needsValues === texts.length > 0)
      return [{key, operator: known, values: texts}]
    read.problem(
      [...path, 'matchExpressions', i],
      `must have a key, one of the operators ${operators.join(', ')}, and values for In and NotIn only`,
    )
    return []
  })
  return [...labels, ...expressions]
}
