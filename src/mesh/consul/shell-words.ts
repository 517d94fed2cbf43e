import {quote} from '../go/quote.ts'

export type Words =
  | {readonly ok: true; readonly words: readonly string[]}
  | {readonly ok: false; readonly message: string}

/** Envoy's own arguments as the injector passes them on: split into words, and those with a blank quoted again. */
export function envoyArgs(text: string): Words {
  const split = shellWords(text)
  return split.ok ? {ok: true, words: split.words.map((word) => (word.includes(' ') ? quote(word) : word))} : split
}

type State = 'between' | 'word' | 'escaped' | 'double' | 'double-escaped' | 'single' | 'comment'

/**
 * Splits text as github.com/google/shlex does: like a shell, but a backslash between double quotes escapes any character,
 * and `#` begins a comment only where a word would begin.
 */
export function shellWords(text: string): Words {
  const words: string[] = []
  let word = ''
  let state: State = 'between'
  for (const character of text) {
    const blank = character === ' ' || character === '\t' || character === '\r' || character === '\n'
    switch (state) {
      case 'between':
        if (blank) break
        word = ''
        state = opening(character, '#')
        if (state === 'word') word = character
        break
      case 'word':
        if (blank) {
          words.push(word)
          state = 'between'
          break
        }
        state = opening(character, undefined)
        if (state === 'word') word += character
        break
      case 'escaped':
        word += character
        state = 'word'
        break
      case 'double-escaped':
        word += character
        state = 'double'
        break
      case 'double':
        if (character === '"') state = 'word'
        else if (character === '\\') state = 'double-escaped'
        else word += character
        break
      case 'single':
        if (character === "'") state = 'word'
        else word += character
        break
      case 'comment':
        if (character === '\n') state = 'between'
        break
    }
  }
  switch (state) {
    case 'word':
      return {ok: true, words: [...words, word]}
    case 'between':
    case 'comment':
      return {ok: true, words}
    case 'escaped':
    case 'double-escaped':
      return {ok: false, message: 'it ends in a backslash; escape a character or remove it'}
    case 'double':
    case 'single':
      break
  }
  return {ok: false, message: 'a quote is not closed'}
}

function opening(character: string, comment: '#' | undefined): State {
  switch (character) {
    case '"':
      return 'double'
    case "'":
      return 'single'
    case '\\':
      return 'escaped'
    case comment:
      return 'comment'
    default:
      return 'word'
  }
}
