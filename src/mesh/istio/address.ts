const label = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/
const v4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** Why `host:port` is no address to istiod (validation/agent ValidateProxyAddress); undefined where it is one. */
export function addressProblem(name: string, address: string): string | undefined {
  const said = `${name} ${JSON.stringify(address.slice(0, 80))}`
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(address)
  if (match === null) return `${said} is not of the form host:port`
  const [, bracketed, plain, port = ''] = match
  if (!/^[+-]?\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    return `${said} must end in a port from 1 to 65535`
  }
  const host = bracketed ?? plain ?? ''
  return isHostname(host) || isIp(host) ? undefined : `${said} has neither a host name nor an IP address`
}

/** A DNS name as istiod checks it; a trailing dot is allowed, a numeric last label is not. */
export function isHostname(name: string): boolean {
  if (name === '' || name.length > 255) return false
  const labels = name.split('.')
  if (/^[+-]?\d+$/.test(labels.at(-1) ?? '')) return false
  return isTrustDomain(name)
}

/** Labels with dots between; the last may be empty. */
export function isTrustDomain(domain: string): boolean {
  if (domain === '') return false
  const labels = domain.split('.')
  return labels.every((part, index) => (part === '' && index === labels.length - 1 && index > 0) || isLabel(part))
}

function isLabel(part: string): boolean {
  return part.length <= 63 && label.test(part)
}

export function isIp(text: string): boolean {
  return v4.test(text) || isIpv6(text)
}

/** A prefix as Go's netip.ParsePrefix takes it: no zone, no leading zero in the length. */
export function isPrefix(text: string): boolean {
  const slash = text.lastIndexOf('/')
  const address = text.slice(0, slash)
  const bits = text.slice(slash + 1)
  if (slash < 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return false
  if (v4.test(address)) return Number(bits) <= 32
  return !address.includes('%') && isIpv6(address) && Number(bits) <= 128
}

function isIpv6(text: string): boolean {
  if (text.length > 64) return false
  const [address = '', zone] = text.split('%', 2)
  if (zone === '') return false
  const halves = address.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)
  const embedded = last !== undefined && v4.test(last)
  const words = embedded ? groups.slice(0, -1) : groups
  if (embedded && !address.endsWith(last)) return false
  if (!words.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return false
  const size = words.length + (embedded ? 2 : 0)
  return halves.length === 2 ? size < 8 : size === 8
}
