/**
 * Why Linkerd's policy controller might refuse a regular expression, or undefined where it surely takes it. It compiles
 * them with Rust's regex crate (policy-controller/k8s/index/src/routes/http.rs); what RE2, Rust and this parser all know
 * passes: no look-around, no back references, no sets within classes, no large counted repetitions.
 */
export function regexProblem(pattern: string): string | undefined {
  const parser = new Parser(pattern)
  try {
    parser.alternatives(0)
    return parser.ended ? undefined : 'a ) closes no group'
  } catch (error) {
    if (error instanceof RegexProblem) return error.message
    throw error
  }
}

class RegexProblem extends Error {}

/** Rust unrolls counted repetitions, nested ones multiplied, and refuses what grows too large. */
const mostRepetitions = 1000
const deepest = 50
const escapesOfLetters = new Set('dDwWsSbBAztnrfva')

class Parser {
  readonly #text: readonly string[]
  readonly #names = new Set<string>()
  #at = 0
  #repetitions = 1

  constructor(pattern: string) {
    this.#text = Array.from(pattern)
  }

  get ended(): boolean {
    return this.#at >= this.#text.length
  }

  alternatives(depth: number): void {
    if (depth > deepest) throw new RegexProblem('its groups nest too deep')
    this.#sequence(depth)
    while (this.#take('|')) this.#sequence(depth)
  }

  #sequence(depth: number): void {
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      const before = this.#repetitions
      const repeatable = this.#atom(next, depth)
      this.#repetition(repeatable, before)
    }
  }

  /** False where nothing may be repeated: an anchor. */
  #atom(next: string, depth: number): boolean {
    this.#at += 1
    if (next === '(') this.#group(depth)
    else if (next === '[') this.#class()
    else if (next === '\\') return this.#escape(false)
    else if ('*+?'.includes(next)) throw new RegexProblem(`${next} repeats nothing`)
    else if ('{}]'.includes(next)) throw new RegexProblem(`a literal ${next} needs a backslash`)
    return next !== '^' && next !== '$'
  }

  #group(depth: number): void {
    if (this.#take('?')) {
      if (this.#take(':')) {
        // A group that captures nothing.
      } else if (this.#take('P')) this.#name()
      else if (this.#peek() === 'i' && this.#text[this.#at + 1] === ':') this.#at += 2
      else throw new RegexProblem('look-around and flags are not for every engine')
    }
    this.alternatives(depth + 1)
    if (!this.#take(')')) throw new RegexProblem('a ( is not closed')
  }

  #name(): void {
    const rest = this.#text.slice(this.#at).join('')
    const name = /^<[A-Za-z_][A-Za-z0-9_]*>/.exec(rest)?.[0]
    if (name === undefined || this.#names.has(name)) throw new RegexProblem('a group has no legal name of its own')
    this.#names.add(name)
    this.#at += name.length
  }

  #class(): void {
    this.#take('^')
    let before: string | undefined
    for (let first = true; ; first = false) {
      const next = this.#peek()
      if (next === undefined) throw new RegexProblem('a [ is not closed')
      this.#at += 1
      if (next === ']') {
        if (first) throw new RegexProblem('an empty class, or a ] without a backslash')
        return
      }
      if (next === '[') throw new RegexProblem('a [ within a class needs a backslash')
      const twin = this.#peek()
      if ('&~-'.includes(next) && next === twin) throw new RegexProblem(`${next}${next} has a meaning in some engines`)
      if (next === '\\') {
        this.#escape(true)
        if (this.#peek() === '-' && this.#text[this.#at + 1] !== ']')
          throw new RegexProblem('a range begins with a backslash')
        before = undefined
      } else if (next === '-' && before !== undefined && twin !== ']') before = this.#range(before)
      else before = next
    }
  }

  #range(from: string): undefined {
    const to = this.#peek()
    if (to === undefined || to === '\\' || to === '[') throw new RegexProblem('a range has no plain end')
    if ((to.codePointAt(0) ?? 0) < (from.codePointAt(0) ?? 0)) throw new RegexProblem('a range runs backwards')
    this.#at += 1
  }

  /** What follows a backslash; false for a position, which is no character. */
  #escape(inClass: boolean): boolean {
    const next = this.#peek()
    if (next === undefined) throw new RegexProblem('it ends in a backslash')
    this.#at += 1
    if (escapesOfLetters.has(next)) {
      const position = 'bBAz'.includes(next)
      if (inClass && position) throw new RegexProblem(`\\${next} stands within a class`)
      return !position
    }
    if (/[A-Za-z0-9<>]/.test(next) || next > '~') throw new RegexProblem(`\\${next} is not known to every engine`)
    return true
  }

  #repetition(repeatable: boolean, before: number): void {
    const next = this.#peek()
    if (next === undefined || !'*+?{'.includes(next)) return
    if (!repeatable) throw new RegexProblem('a position is repeated')
    this.#at += 1
    if (next === '{') this.#count(before)
    this.#take('?')
    const more = this.#peek()
    if (more !== undefined && '*+?{'.includes(more)) throw new RegexProblem('a repetition is repeated')
  }

  #count(before: number): void {
    const rest = this.#text.slice(this.#at).join('')
    const [whole = '', least = '', , most = ''] = /^([0-9]{1,4})(,([0-9]{1,4})?)?\}/.exec(rest) ?? []
    if (whole === '') throw new RegexProblem('a { counts nothing')
    this.#at += whole.length
    if (most !== '' && Number(most) < Number(least)) throw new RegexProblem('a repetition counts backwards')
    // What the repeated part holds itself is repeated with it.
    this.#repetitions = Math.max(this.#repetitions, before) * Math.max(Number(least), Number(most), 1)
    if (this.#repetitions > mostRepetitions) throw new RegexProblem('its repetitions grow too large')
  }

  #peek(): string | undefined {
    return this.#text[this.#at]
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }
}
