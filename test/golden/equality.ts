/**
 * Equality of Kubernetes documents as a person means it: the order of volumes, mounts and pull secrets does not count, nothing
 * and empty are the same (but for `emptyDir`), JSON inside a string is compared as JSON, quantities by value, and keys
 * that the injector itself owns are left out.
 */
export function canonical(value: unknown, path: readonly string[] = []): unknown {
  const key = path.at(-1) ?? ''
  if (typeof value === 'string') return canonicalText(value, path)
  if (Array.isArray(value)) return canonicalList(value, path)
  if (typeof value !== 'object' || value === null) return value
  const out: Record<string, unknown> = Object.create(null)
  for (const [name, item] of Object.entries(value)) {
    if ((key === 'annotations' || key === 'labels') && isOurs(name)) continue
    const kept = canonical(item, [...path, name])
    if (kept === null || kept === undefined) continue
    if (name !== 'emptyDir' && typeof kept === 'object' && Object.keys(kept).length === 0) continue
    out[name] = kept
  }
  return out
}

/** Every place where two canonical documents differ, one sentence each; empty when they are equal. */
export function difference(got: unknown, want: unknown, path = ''): string[] {
  if (Object.is(got, want)) return []
  if (!isContainer(got) || !isContainer(want) || Array.isArray(got) !== Array.isArray(want)) {
    return [`${path}: ${short(got)}, expected ${short(want)}`]
  }
  if (Array.isArray(got) && Array.isArray(want)) {
    const [gotNames, wantNames] = [names(got), names(want)]
    if (gotNames !== undefined && wantNames !== undefined) {
      const order = gotNames.join(' ') === wantNames.join(' ') ? [] : [`${path}: names are [${gotNames.join(' ')}], expected [${wantNames.join(' ')}]`]
      return [...order, ...wantNames.flatMap((name, i) => {
        const j = gotNames.indexOf(name)
        return j < 0 ? [] : difference(got[j], want[i], `${path}[${name}]`)
      })]
    }
  }
  const [a, b] = [new Map(Object.entries(got)), new Map(Object.entries(want))]
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((k) => difference(a.get(k), b.get(k), `${path}/${k}`))
}

const sortedBy = new Map([
  ['volumes', 'name'],
  ['volumeMounts', 'mountPath'],
  ['imagePullSecrets', 'name'],
])
const units = new Map(
  Object.entries({n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60}),
)

function isOurs(key: string): boolean {
  return key.startsWith('meshwright.dev/') || key === 'linkerd.io/created-by'
}

function canonicalText(text: string, path: readonly string[]): unknown {
  if (path.at(-2) === 'limits' || path.at(-2) === 'requests') return quantity(text)
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return {json: canonical(JSON.parse(text))}
  } catch {
    return text
  }
}

function canonicalList(list: readonly unknown[], path: readonly string[]): unknown {
  const items = list.map((item, i) => canonical(item, [...path, String(i)]))
  const key = sortedBy.get(path.at(-1) ?? '')
  if (key === undefined) return items
  return Object.fromEntries(items.map((item) => [isContainer(item) ? String(new Map(Object.entries(item)).get(key)) : '', item]))
}

function quantity(text: string): unknown {
  const match = /^([+-]?[0-9.]+)([eE][+-]?[0-9]+|[numkKMGTPE]i?|)$/.exec(text)
  if (match === null) return text
  const [, digits = '', suffix = ''] = match
  return Number((Number(digits) * (units.get(suffix) ?? Number('1' + suffix))).toPrecision(12))
}

function names(list: readonly unknown[]): string[] | undefined {
  const found = list.map((item) => (isContainer(item) && 'name' in item && typeof item.name === 'string' ? item.name : undefined))
  const known = found.filter((name) => name !== undefined)
  return known.length === list.length && new Set(known).size === known.length ? known : undefined
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent'
  return text.length > 160 ? `${text.slice(0, 157)}...` : text
}
