/** Go's filepath.Clean on a Unix path: the shortest path that means the same, `.` for an empty one. */
export function clean(path: string): string {
  const rooted = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (!rooted) parts.push('..')
  }
  return `${rooted ? '/' : ''}${parts.join('/')}` || '.'
}

/** Go's filepath.Dir: all but the last element of a path. */
export function directory(path: string): string {
  return clean(path.slice(0, path.lastIndexOf('/') + 1))
}
