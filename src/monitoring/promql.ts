/** What a label must be: a text, one of several, none of several, one that goes on after a beginning, or of a pattern. */
export type Matchers = Readonly<Record<string, string | readonly string[] | Unlike | Begun | Patterned>>

interface Unlike {
  readonly not: readonly string[]
}

interface Begun {
  readonly begins: string
}

/** A regular expression that is ours. */
interface Patterned {
  readonly pattern: string
}

/** `{service="orders"}`. Values are quoted, so that none can end the selector and begin another. */
export function selector(matchers: Matchers): string {
  const written = Object.entries(matchers).map(([label, wanted]) => {
    if (typeof wanted === 'string') return `${label}=${quoted(wanted)}`
    if ('pattern' in wanted) return `${label}=~${quoted(wanted.pattern)}`
    if ('begins' in wanted) return `${label}=~${quoted(`${literal(wanted.begins)}.+`)}`
    if ('not' in wanted) return `${label}!~${quoted(alternatives(wanted.not))}`
    return `${label}=~${quoted(alternatives(wanted))}`
  })
  return `{${written.join(',')}}`
}

/** A string of PromQL, which escapes as Go does. */
export function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${escaped}"`
}

/** Adds a label to every sample. */
export function labelled(expression: string, label: string, value: string): string {
  return `label_replace(${expression},${quoted(label)},${quoted(value.replaceAll('$', '$$$$'))},"","")`
}

/** Gives a label a second name. */
export function renamed(expression: string, from: string, to: string): string {
  return `label_replace(${expression},${quoted(to)},"$1",${quoted(from)},"(.*)")`
}

/** Everything that one of them knows. */
export function either(...expressions: readonly string[]): string {
  return expressions.join(' or ')
}

/** How much counters grew in so many milliseconds, together by these labels. Beginning anew at 0 counts as growth. */
export function growth(counters: string, window: number, by: readonly string[]): string {
  return `sum by(${by.join(',')})(increase(${counters}[${window}ms]))`
}

const quantiles = {p50: '0.5', p95: '0.95', p99: '0.99'} as const

/** The quantiles of a histogram that grows, with the label `quantile`: p50, p95, p99. */
export function percentiles(buckets: string, window: number, by: readonly string[]): string {
  const growing = `sum by(${['le', ...by].join(',')})(rate(${buckets}[${window}ms]))`
  return either(
    ...Object.entries(quantiles).map(([name, share]) =>
      labelled(`histogram_quantile(${share},${growing})`, 'quantile', name),
    ),
  )
}

/** The mean of what a histogram or a pair of counters has counted, with the label `of`. */
export function mean(of: string, histogram: string, labels: string, window: number, by: readonly string[]): string {
  const grown = (part: string) => growth(`${histogram}_${part}${labels}`, window, by)
  return labelled(`(${grown('sum')} / ${grown('count')})`, 'of', of)
}

function alternatives(texts: readonly string[]): string {
  return texts.map(literal).join('|')
}

/** A text as a regular expression. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}
