type Kind = 'number' | 'upper' | 'letter' | 'connector' | 'punct' | 'other'
interface Word {
  readonly kind: Kind
  readonly text: string
}

/** How a word goes on after its first character, by its kind. */
const words: readonly (readonly [Kind, RegExp])[] = [
  ['connector', /[-_\s]+/y],
  ['punct', /\p{P}+/uy],
  ['upper', /\p{Lu}+(?=\p{Lu}(?!\p{Lu})\p{L})|\p{Lu}{2,}|\p{Lu}(?:(?!\p{Lu})\p{L})*/uy],
  ['letter', /(?:(?!\p{Lu})\p{L})+/uy],
  ['number', /\p{N}+/uy],
  ['other', /[^-_\s\p{L}\p{N}\p{P}]+/uy],
]

/**
 * Helm's `snakecase`, which makes names of environment variables from the keys of `proxy.inbound` and `proxy.outbound`
 * (github.com/huandu/xstrings v1.5.0 convert.go): keepAliveInterval is keep_alive_interval, http2 stays http2.
 */
export function snakeCase(text: string): string {
  const parts = split(text)
  let out = ''
  let at = 0
  const lower = (word: Word) => {
    out +=
      word.kind === 'upper' || word.kind === 'connector' ? word.text.replace(/[-\s]/g, '_').toLowerCase() : word.text
  }
  const runOn = () => {
    for (
      let next = parts[at];
      next !== undefined && (next.kind === 'letter' || next.kind === 'number');
      next = parts[at]
    ) {
      lower(next)
      at++
    }
    if (joins(parts[at])) out += '_'
  }

  while (at < parts.length) {
    const word = parts[at++]
    if (word === undefined) break
    lower(word)
    const next = parts[at]
    if (next === undefined || word.kind === 'punct' || word.kind === 'connector') continue
    if (word.kind === 'number') {
      runOn()
    } else if (next.kind !== 'number') {
      if (joins(next)) out += '_'
    } else if (at + 1 < parts.length) {
      // A number belongs to the word before it (Bld4Floor: bld4_floor) unless small letters follow (http2xx: http_2xx).
      at++
      const after = parts[at]
      if (after?.kind === 'letter') {
        out += '_'
        lower(next)
        runOn()
      } else {
        lower(next)
        if (joins(after)) out += '_'
      }
    }
  }
  return out
}

function joins(word: Word | undefined): boolean {
  return word !== undefined && word.kind !== 'connector' && word.kind !== 'punct'
}

function split(text: string): Word[] {
  const parts: Word[] = []
  let at = 0
  while (at < text.length) {
    let found: Word | undefined
    for (const [kind, pattern] of words) {
      pattern.lastIndex = at
      const match = pattern.exec(text)
      if (match === null) continue
      found = {kind, text: match[0]}
      break
    }
    found ??= {kind: 'other', text: text.charAt(at)}
    parts.push(found)
    at += found.text.length
  }
  return parts
}
