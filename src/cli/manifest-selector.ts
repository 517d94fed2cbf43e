import {isValues, type Values} from '../mesh/values.ts'
import {Failure} from './failure.ts'

/** True where an object's labels fit; kubectl's `-l`. */
export type Selector = (object: Values) => boolean

const name = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?'
const key = `(?<key>([-a-z0-9.]+/)?${name})`
const forms: readonly {
  readonly form: RegExp
  readonly fits: (label: string | undefined, values: readonly string[]) => boolean
}[] = [
  {form: new RegExp(`^!\\s*${key}$`), fits: (label) => label === undefined},
  {form: new RegExp(`^${key}$`), fits: (label) => label !== undefined},
  {
    form: new RegExp(`^${key}\\s*==?\\s*(?<values>(${name})?)$`),
    fits: (label, values) => label !== undefined && values.includes(label),
  },
  {
    form: new RegExp(`^${key}\\s*!=\\s*(?<values>(${name})?)$`),
    fits: (label, values) => label === undefined || !values.includes(label),
  },
  {
    form: new RegExp(`^${key}\\s+in\\s*\\((?<values>[^()]*)\\)$`),
    fits: (label, values) => label !== undefined && values.includes(label),
  },
  {
    form: new RegExp(`^${key}\\s+notin\\s*\\((?<values>[^()]*)\\)$`),
    fits: (label, values) => label === undefined || !values.includes(label),
  },
]

/** Reads a label selector as kubectl does: `a=b,c!=d,e in (x,y),f notin (z),g,!h`. */
export function parseSelector(text: string): Selector {
  // Commas inside brackets separate values, not requirements.
  const requirements = text.split(/,(?![^(]*\))/).map((part) => {
    const requirement = part.trim()
    for (const {form, fits} of forms) {
      const groups = form.exec(requirement)?.groups
      if (groups === undefined) continue
      const values = (groups['values'] ?? '').split(',').map((value) => value.trim())
      const label = groups['key'] ?? ''
      return (labels: Values) => fits(textOf(labels, label), values)
    }
    throw new Failure(
      `the selector ${JSON.stringify(requirement)} cannot be read; write such as app=web,tier in (a,b),!legacy`,
      2,
    )
  })
  return ({metadata}) => {
    const labels = isValues(metadata) && isValues(metadata['labels']) ? metadata['labels'] : {}
    return requirements.every((fits) => fits(labels))
  }
}

function textOf(labels: Values, label: string): string | undefined {
  const value = Object.hasOwn(labels, label) ? labels[label] : undefined
  return typeof value === 'string' ? value : undefined
}
