const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,]\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/

/**
 * A Kubernetes time as metav1.Time prints it: RFC 3339, UTC, whole seconds; undefined where the text is no such time, and
 * for Go's zero time, which it prints as null.
 */
export function canonicalTime(text: string): string | undefined {
  const match = rfc3339.exec(text)
  if (match === null) return undefined
  const [, , , , , , , sign] = match
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, , offsetHour = 0, offsetMinute = 0] = match
    .slice(1)
    .map((part) => Number(part))
  const offset = sign === undefined ? 0 : (offsetHour * 60 + offsetMinute) * (sign === '-' ? -1 : 1)
  const minutes = hour * 60 + minute - offset
  const date = civil(dayNumber(year, month, day) + Math.floor(minutes / 1440))
  const rest = ((minutes % 1440) + 1440) % 1440
  const printed = `${date}T${pad(Math.floor(rest / 60), 2)}:${pad(rest % 60, 2)}:${pad(second, 2)}Z`
  return printed === '0001-01-01T00:00:00Z' ? undefined : printed
}

// Days are counted from 1 March of year 0, so that a leap day comes last in its year.
function dayNumber(year: number, month: number, day: number): number {
  const shifted = month > 2 ? month - 3 : month + 9
  const from = month > 2 ? year : year - 1
  const leaps = Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400)
  return from * 365 + leaps + Math.floor((153 * shifted + 2) / 5) + day - 1
}

function civil(days: number): string {
  const era = Math.floor(days / 146_097)
  const left = days - era * 146_097
  const yearOfEra = Math.floor(
    (left - Math.floor(left / 1460) + Math.floor(left / 36_524) - Math.floor(left / 146_096)) / 365,
  )
  const dayOfYear = left - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
