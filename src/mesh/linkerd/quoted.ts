/** A tenant's text in a sentence: short, in quotes, control characters made visible. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text)
}
