/** RFC 6902 apart from any library, so that a patch is judged by two readers that share no code. */
export function applyPatch(
  document: unknown,
  operations: readonly {op: string; path: string; value?: unknown}[],
): unknown {
  let root: unknown = structuredClone(document)
  for (const {op, path, value} of operations) {
    if (path === '') {
      root = structuredClone(value)
      continue
    }
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = keys.pop() ?? ''
    const parent = keys.reduce<unknown>((at, key) => child(at, key, path), root)
    if (Array.isArray(parent)) applyToList(parent, op, last, path, structuredClone(value))
    else applyToObject(parent, op, last, path, structuredClone(value))
  }
  return root
}

function child(at: unknown, key: string, path: string): unknown {
  if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) throw new Error(`no such place: ${path}`)
  return Reflect.get(at, key)
}

function applyToList(list: unknown[], op: string, key: string, path: string, value: unknown): void {
  const index = key === '-' ? list.length : /^(0|[1-9][0-9]*)$/.test(key) ? Number(key) : -1
  const end = op === 'add' ? list.length : list.length - 1
  if (index < 0 || index > end) throw new Error(`no such index: ${path}`)
  if (op === 'add') list.splice(index, 0, value)
  else if (op === 'remove') list.splice(index, 1)
  else if (op === 'replace') list[index] = value
  else throw new Error(`unexpected operation ${op}`)
}

function applyToObject(object: unknown, op: string, key: string, path: string, value: unknown): void {
  if (typeof object !== 'object' || object === null) throw new Error(`not an object: ${path}`)
  if (op !== 'add' && !Object.hasOwn(object, key)) throw new Error(`no such member: ${path}`)
  if (op === 'remove') Reflect.deleteProperty(object, key)
  else if (op === 'add' || op === 'replace')
    Object.defineProperty(object, key, {value, writable: true, enumerable: true, configurable: true})
  else throw new Error(`unexpected operation ${op}`)
}
