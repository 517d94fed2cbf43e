const context = 3

interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** What makes the one text of the other, as `diff -u` shows it; '' where they are the same. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return ''
  const lines = edits(split(before), split(after))
  const hunks: string[] = []
  let [old, now] = [1, 1]
  for (let start = 0; start < lines.length;) {
    const first = lines.findIndex(({sign}, index) => index >= start && sign !== ' ')
    if (first < 0) break
    let last = first
    for (let index = first; index < lines.length && index - last <= 2 * context; index++) {
      if (lines[index]?.sign !== ' ') last = index
    }
    const from = Math.max(start, first - context)
    const to = Math.min(lines.length, last + context + 1)
    const skipped = lines.slice(start, from).length
    ;[old, now] = [old + skipped, now + skipped]
    const hunk = lines.slice(from, to)
    const [removed, added] = [counted(hunk, '+'), counted(hunk, '-')]
    hunks.push(`@@ -${range(old, removed)} +${range(now, added)} @@\n`)
    hunks.push(...hunk.map(({sign, text}) => `${sign}${text}\n`))
    ;[old, now] = [old + removed, now + added]
    start = to
  }
  return `--- LIVE/${name}\n+++ MERGED/${name}\n${hunks.join('')}`
}

function counted(hunk: readonly Line[], without: '+' | '-'): number {
  return hunk.filter(({sign}) => sign !== without).length
}

/** A text of no lines is told to stand before the first. */
function range(start: number, count: number): string {
  return `${count === 0 ? start - 1 : start},${count}`
}

function split(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** By the longest common subsequence: objects have some hundred lines. */
function edits(before: readonly string[], after: readonly string[]): readonly Line[] {
  const width = after.length + 1
  const common = new Uint32Array((before.length + 1) * width)
  const at = (row: number, column: number) => common[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      common[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }
  const lines: Line[] = []
  let [row, column] = [0, 0]
  while (row < before.length || column < after.length) {
    const [old, now] = [before[row], after[column]]
    if (old !== undefined && old === now) {
      lines.push({sign: ' ', text: old})
      row++
      column++
    } else if (old !== undefined && (now === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({sign: '-', text: old})
      row++
    } else {
      lines.push({sign: '+', text: now ?? ''})
      column++
    }
  }
  return lines
}
