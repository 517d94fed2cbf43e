import {podStructs} from './pod-structs.ts'
import {statusStructs} from './status-structs.ts'
import {volumeStructs} from './volume-structs.ts'

/** A Go type as encoding/json sees it; `raw` is JSON that Go hands on unread. */
export type GoType =
  | {readonly kind: 'string' | 'bool' | 'int' | 'quantity' | 'intOrString' | 'time' | 'raw'}
  | {readonly kind: 'pointer' | 'list' | 'map'; readonly of: GoType}
  | {readonly kind: 'struct'; readonly name: string}

export interface GoField {
  readonly name: string
  /** Left out where the value is Go's zero of its type. */
  readonly optional: boolean
  readonly type: GoType
}

/**
 * Go's structs by name, their fields in the order in which Go prints them.
 *
 * The notation: a line for each struct, continued on indented lines; of a field its JSON name, `?` where Go leaves out the
 * zero value (omitempty on a type that can be empty, or omitzero), and `:type` where that is not a string. `*T` is a
 * pointer, `[]T` a list, `{}T` a map with string keys.
 */
export const goStructs: ReadonlyMap<string, readonly GoField[]> = new Map(
  `${podStructs}${volumeStructs}${statusStructs}`
    .trim()
    .split(/\n+(?! )/)
    .map((line) => {
      const [name = '', ...fields] = line.split(/\s+/)
      return [name.slice(0, -1), fields.map(readField)]
    }),
)

function readField(text: string): GoField {
  const [name = '', type = 'string'] = text.split(':')
  const optional = name.endsWith('?')
  return {name: optional ? name.slice(0, -1) : name, optional, type: readType(type)}
}

function readType(text: string): GoType {
  if (text.startsWith('*')) return {kind: 'pointer', of: readType(text.slice(1))}
  if (text.startsWith('[]')) return {kind: 'list', of: readType(text.slice(2))}
  if (text.startsWith('{}')) return {kind: 'map', of: readType(text.slice(2))}
  switch (text) {
    case 'string':
    case 'bool':
    case 'int':
    case 'quantity':
    case 'intOrString':
    case 'time':
    case 'raw':
      return {kind: text}
    default:
      return {kind: 'struct', name: text}
  }
}
