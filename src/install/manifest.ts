import {Document, isMap, isSeq, type YAMLMap} from 'yaml'
import type {KubeObject} from '../mesh/pod.ts'

export interface Commented {
  readonly object: KubeObject | Readonly<Record<string, unknown>>
  /** Above the document. */
  readonly comment?: string
  /** Above the items of its `rules`; undefined where one needs no word. */
  readonly rules?: readonly (string | undefined)[]
}

export const generated = ' Generated from src/install.'

/** A file of one or more objects. */
export function manifest(header: string, objects: readonly Commented[]): string {
  return [
    `#${header.replaceAll('\n', '\n#')}\n`,
    ...objects.map((each, i) => (i === 0 ? '' : '---\n') + text(each)),
  ].join('')
}

function text({object, comment, rules = []}: Commented): string {
  const document = new Document(object, {aliasDuplicateObjects: false})
  // Keys such as `on`, which Kubernetes would read as a boolean, are put in quotes.
  document.setSchema('1.2', {compat: 'yaml-1.1'})
  const root = document.contents
  const items = isMap(root) ? root.get('rules') : undefined
  if (isSeq(items)) {
    for (const [index, item] of items.items.entries()) {
      if (isMap(item)) commentOn(item, rules[index])
    }
  }
  const words = comment === undefined ? '' : `#${comment}\n`
  return `${words}${document.toString({lineWidth: 0})}`
}

function commentOn(item: YAMLMap, words: string | undefined): void {
  if (words !== undefined) item.commentBefore = ` ${words}`
}
