/** A tenant's text for a sentence: short, and with control characters made visible. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text)
}
