/**
 * Whether RE2 takes a pattern, in both of its forms: Go's regexp.Compile, with which istiod checks patterns (go1.26
 * regexp/syntax/parse.go, Perl flags), and the C++ library that Envoy runs them with, which knows fewer names of Unicode
 * classes. Returns what is wrong, undefined where nothing is.
 */
export function regexpProblem(pattern: string): string | undefined {
  try {
    new Parser(pattern).whole()
    return undefined
  } catch (error) {
    if (error instanceof BadPattern) return error.message
    throw error
  }
}

class BadPattern extends Error {}

/** What counts of a parsed expression: how often it repeats what it holds. */
interface Node {
  /** Set for `{n,m}`: m, or n where there is no m. */
  readonly times?: number
  readonly parts: readonly Node[]
}

const most = 1000
const deepest = 1000
const leaf: Node = {parts: []}
const perlClasses = 'dDsSwW'
const namedClasses = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '),
)
const categories = new Set(
  'Any C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs'.split(' '),
)

/** JavaScript knows scripts by codes of four letters as well, RE2 does not; these are names. */
const shortScripts = new Set('Ahom Cham Kawi Lao Lisu Modi Mro Nko Thai Toto Vai Yi'.split(' '))

class Parser {
  readonly #text: string
  #at = 0
  readonly #names = new Set<string>()

  constructor(text: string) {
    this.#text = text
  }

  whole(): void {
    this.#alternatives(0)
    if (this.#at < this.#text.length) throw new BadPattern('it has a ) without a (')
  }

  #alternatives(depth: number): Node {
    if (depth > deepest) throw new BadPattern('its groups are nested too deeply')
    const parts: Node[] = []
    do parts.push(this.#sequence(depth))
    while (this.#take('|'))
    return {parts}
  }

  #sequence(depth: number): Node {
    const parts: Node[] = []
    let repeated = false
    while (this.#at < this.#text.length && !'|)'.includes(this.#peek())) {
      const times = this.#repetition()
      if (times !== undefined) {
        const last = parts.pop()
        if (last === undefined) throw new BadPattern('it repeats nothing')
        if (repeated) throw new BadPattern('it repeats a repetition')
        this.#take('?')
        const node: Node = times === 'any' ? {parts: [last]} : {times, parts: [last]}
        if (times !== 'any' && times >= 2 && !isRepeatable(node, most)) {
          throw new BadPattern(`it repeats more than ${most} times`)
        }
        parts.push(node)
        repeated = true
        continue
      }
      const quoted = this.#quoted()
      if (quoted !== undefined) {
        if (quoted === '') continue
        parts.push(leaf)
        repeated = false
        continue
      }
      repeated = false
      const opened = this.#peek() === '(' ? this.#opening() : 'nothing'
      if (opened === 'flags') continue
      parts.push(opened === 'group' ? this.#group(depth) : this.#atom())
    }
    return {parts}
  }

  /** A repetition at the current place: how often, `any` for `* + ?`. A brace that says no numbers is a literal. */
  #repetition(): number | 'any' | undefined {
    if (this.#take('*') || this.#take('+') || this.#take('?')) return 'any'
    const found = /^\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}/.exec(this.#text.slice(this.#at, this.#at + 64))
    if (found === null) return undefined
    const [all, low = '', comma, high] = found
    const least = Number(low)
    const longest = comma === undefined ? least : high === undefined ? undefined : Number(high)
    if (least > most || (longest !== undefined && (longest > most || longest < least))) {
      throw new BadPattern(`${all} is not a number of repetitions up to ${most}`)
    }
    this.#at += all.length
    return longest ?? least
  }

  /** What stands in `\Q...\E`. */
  #quoted(): string | undefined {
    if (!this.#text.startsWith('\\Q', this.#at)) return undefined
    const start = this.#at + 2
    const end = this.#text.indexOf('\\E', start)
    this.#at = end === -1 ? this.#text.length : end + 2
    return this.#text.slice(start, end === -1 ? undefined : end)
  }

  /** What begins with a parenthesis: a group, or flags for what follows. */
  #opening(): 'group' | 'flags' {
    this.#at++
    if (!this.#take('?')) return 'group'
    const rest = this.#text.slice(this.#at)
    const named = /^P?<([^>]*)>/.exec(rest)
    if (/^<[=!]/.test(rest) || /^[=!>]/.test(rest)) throw new BadPattern('RE2 has no look-around and no atomic groups')
    if (named !== null) {
      const [all, name = ''] = named
      if (!/^[A-Za-z0-9_]+$/.test(name)) throw new BadPattern('a group has a name that is none')
      if (this.#names.has(name)) throw new BadPattern(`two groups are named ${name}`)
      this.#names.add(name)
      this.#at += all.length
      return 'group'
    }
    const flags = /^(?:[imsU]*|[imsU]*-[imsU]+)([:)])/.exec(rest)
    if (flags === null) throw new BadPattern('(? is not followed by anything that RE2 knows')
    this.#at += flags[0].length
    return flags[1] === ':' ? 'group' : 'flags'
  }

  #group(depth: number): Node {
    const inside = this.#alternatives(depth + 1)
    if (!this.#take(')')) throw new BadPattern('it has a ( without a )')
    return inside
  }

  #atom(): Node {
    if (this.#take('[')) this.#class()
    else if (this.#peek() !== '\\') this.#character()
    else if (!this.#takeAny(['\\A', '\\b', '\\B', '\\z']) && !this.#classEscape()) this.#escape()
    return leaf
  }

  #class(): void {
    this.#take('^')
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const named = /^\[:(.*?):\]/s.exec(this.#text.slice(this.#at))
      if (named !== null) {
        const name = named[1]?.replace(/^\^/, '') ?? ''
        if (!namedClasses.has(name)) throw new BadPattern(`there is no class [:${name}:]`)
        this.#at += named[0].length
        continue
      }
      if (this.#classEscape()) continue
      const low = this.#classCharacter()
      if (this.#peek() !== '-' || this.#at + 1 >= this.#text.length || this.#text[this.#at + 1] === ']') continue
      this.#at++
      if (this.#classCharacter() < low) throw new BadPattern('a class has a range that ends before it begins')
    }
    this.#at++
  }

  #classCharacter(): number {
    if (this.#at >= this.#text.length) throw new BadPattern('it has a [ without a ]')
    return this.#peek() === '\\' ? this.#escape() : this.#character()
  }

  /** `\d` and its like, `\pN`, `\p{Greek}`. */
  #classEscape(): boolean {
    const next = this.#peek() === '\\' ? (this.#text[this.#at + 1] ?? '') : ''
    if (next !== '' && perlClasses.includes(next)) {
      this.#at += 2
      return true
    }
    if (next !== 'p' && next !== 'P') return false
    const [all, braced, single] = /^\\[pP](?:\{\^?([^}]*)\}|([^{]))/.exec(this.#text.slice(this.#at)) ?? []
    const name = braced ?? single
    if (all === undefined || name === undefined || !isUnicodeClass(name)) {
      throw new BadPattern('it names a class of characters that Unicode does not have')
    }
    this.#at += all.length
    return true
  }

  #escape(): number {
    const rest = this.#text.slice(this.#at)
    const [octal] = /^\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest) ?? []
    if (octal !== undefined) return this.#taken(octal, parseInt(octal.slice(1), 8))
    if (/^\\[1-9]/.test(rest)) throw new BadPattern('RE2 has no back references')
    const [hex] = /^\\x(?:[0-9a-fA-F]{2}|\{[0-9a-fA-F]{1,8}\})/.exec(rest) ?? []
    if (hex !== undefined) {
      const code = parseInt(hex.replace(/[\\x{}]/g, ''), 16)
      if (code <= 0x10ffff) return this.#taken(hex, code)
    }
    const [letter] = /^\\[afnrtv]/.exec(rest) ?? []
    if (letter !== undefined) return this.#taken(letter, '\x07\f\n\r\t\v'.charCodeAt('afnrtv'.indexOf(letter.slice(1))))
    const [plain] = /^\\[\0-\x7f]/.exec(rest) ?? []
    if (plain !== undefined && !/[A-Za-z0-9]/.test(plain)) return this.#taken(plain, plain.charCodeAt(1))
    throw new BadPattern(
      rest.length < 2 ? 'it ends in a backslash' : 'RE2 does not know what one of its backslashes means',
    )
  }

  #taken(text: string, code: number): number {
    this.#at += text.length
    return code
  }

  #character(): number {
    const code = this.#text.codePointAt(this.#at) ?? 0
    this.#at += code > 0xffff ? 2 : 1
    return code
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #take(text: string): boolean {
    const found = this.#text.startsWith(text, this.#at)
    if (found) this.#at += text.length
    return found
  }

  #takeAny(texts: readonly string[]): boolean {
    return texts.some((text) => this.#take(text))
  }
}

/** No product of nested repetitions is beyond `most`. */
function isRepeatable({times, parts}: Node, left: number): boolean {
  if (times === 0) return true
  if (times !== undefined && times > left) return false
  const inside = times === undefined ? left : Math.floor(left / times)
  return parts.every((part) => isRepeatable(part, inside))
}

/** Categories by their short names, scripts by their long ones; which scripts there are, JavaScript's own RegExp knows. */
function isUnicodeClass(name: string): boolean {
  if (categories.has(name)) return true
  if (!/^[A-Z][A-Za-z_]{1,40}$/.test(name) || (name.length <= 4 && !shortScripts.has(name))) return false
  try {
    return new RegExp(`\\p{Script=${name}}`, 'u').unicode
  } catch {
    return false
  }
}
