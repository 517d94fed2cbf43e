import * as fc from 'fast-check'

export type Tree = Record<string, unknown>

const removed = Symbol('removed')
type Edit = readonly [place: number, value: unknown]

/** Edits for `edited`: at a place that a number chooses, a value of `values` in six of seven, or nothing at all. */
export function editsOf(values: fc.Arbitrary<unknown>, maxLength = 4): fc.Arbitrary<readonly Edit[]> {
  const value = fc.oneof({weight: 6, arbitrary: values}, {weight: 1, arbitrary: fc.constant(removed)})
  return fc.array(fc.tuple(fc.nat(), value), {minLength: 1, maxLength})
}

/** The tree with anything put anywhere; it is changed in place. */
export function edited<T extends object>(tree: T, edits: readonly Edit[]): T {
  for (const [choice, value] of edits) {
    const places = placesOf(tree)
    const place = places[choice % places.length]
    if (place === undefined) continue
    if (value === removed) Reflect.deleteProperty(place.parent, place.key)
    else {
      // Its own copy: the same value put into itself would have no end.
      const own = {value: structuredClone(value), writable: true, enumerable: true, configurable: true}
      Object.defineProperty(place.parent, place.key, own)
    }
  }
  return tree
}

/** Everywhere that `edited` may put something, in the order of its numbers. */
export function placesOf(tree: object): readonly {readonly parent: object; readonly key: string}[] {
  const places: {parent: object; key: string}[] = []
  const open: object[] = [tree]
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    for (const [key, below] of Object.entries(parent)) {
      places.push({parent, key})
      if (typeof below === 'object' && below !== null) open.push(below)
    }
  }
  return places
}

/** Bytes with some of them flipped, cut out, doubled, or with a word put between. */
export function spoiled(whole: fc.Arbitrary<Buffer>, words: readonly string[]): fc.Arbitrary<Buffer> {
  const operation = fc.tuple(
    fc.constantFrom('flip', 'cut', 'double', 'insert', 'truncate'),
    fc.nat(),
    fc.nat({max: 60}),
    fc.constantFrom(...words),
  )
  return fc
    .tuple(whole, fc.array(operation, {minLength: 1, maxLength: 6}))
    .map(([bytes, operations]) => operations.reduce(spoil, Buffer.from(bytes)))
}

function spoil(
  bytes: Buffer,
  [how, position, length, word]: readonly [string, number, number, string],
): Buffer<ArrayBuffer> {
  const at = bytes.length === 0 ? 0 : position % bytes.length
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  if (how === 'cut') return Buffer.concat([before, after.subarray(length)])
  if (how === 'double') return Buffer.concat([before, after.subarray(0, length), after])
  if (how === 'insert') return Buffer.concat([before, Buffer.from(word), after])
  if (how === 'truncate') return Buffer.from(length < 20 ? before : bytes)
  return Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (length + 1)]), after.subarray(1)])
}
