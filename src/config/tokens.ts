import {CST, Lexer, Parser, type LineCounter} from 'yaml'

/** Why such a text is not read. */
export const bareReturn =
  'a carriage return without a line feed, which is a line break to Kubernetes; end the line as the others do'
/** Levels of lists and maps. */
export const depthLimit = 64

/** Why a text is not read, and where in it that shows. */
export interface Untaken {
  readonly reason: 'alias' | 'anchor' | 'depth' | 'return'
  readonly offset: number
  /** As it stands there. */
  readonly lexeme: string
}

/**
 * The tokens of YAML, which somebody may have written to fill our memory: nesting and aliases (a few lines of them can stand for
 * gigabytes) are seen token by token, before any node is made. Anchors, which are nothing without aliases, where that is asked for.
 * Carriage returns without a line feed are refused too: the library takes them for text, YAML and so Kubernetes for line breaks.
 */
export function tokensOf(text: string, lines: LineCounter, refused: 'aliases' | 'anchors too'): CST.Token[] | Untaken {
  const parser = new Parser(lines.addNewLine)
  const tokens: CST.Token[] = []
  // The parser takes the first line's start for granted only in its own parse().
  lines.addNewLine(0)
  let content = false
  for (const lexeme of new Lexer().lex(text)) {
    const {offset} = parser
    // After the marker of a scalar comes its text, which may begin with any character.
    const type: CST.TokenType | null = content ? null : CST.tokenType(lexeme)
    content = type === 'scalar'
    if (type === 'alias' || (type === 'anchor' && refused === 'anchors too')) return {reason: type, offset, lexeme}
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (depth(parser.stack) > depthLimit) return {reason: 'depth', offset, lexeme}
  }
  for (const token of parser.end()) tokens.push(token)
  // Its line can be told when all lines are known.
  const bare = text.search(/\r(?!\n)/)
  return bare < 0 ? tokens : {reason: 'return', offset: bare, lexeme: '\r'}
}

/** Collections that are open; below them lies the document, above them perhaps a scalar in progress. */
function depth(stack: readonly CST.Token[]): number {
  const top = stack.at(-1)
  return top === undefined ? 0 : stack.length - ('items' in top ? 1 : 2)
}
