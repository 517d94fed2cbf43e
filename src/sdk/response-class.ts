/** `503` is `5xx`; undefined for what is no status of a response. */
export function responseClass(status: string | number | undefined): string | undefined {
  const text = String(status)
  return /^[1-5][0-9]{2}$/.test(text) ? `${text.charAt(0)}xx` : undefined
}

/** The class of requests that got no response. */
export const noResponse = 'none'
