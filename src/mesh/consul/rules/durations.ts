/** Whole milliseconds as Go prints a duration: `1m30s`, `1.5s`, `500ms`. So consul-k8s finds what it would write itself. */
export function goDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s'
  if (milliseconds < 1000) return `${milliseconds}ms`
  const seconds = (milliseconds % 60_000) / 1000
  const minutes = Math.floor(milliseconds / 60_000) % 60
  const hours = Math.floor(milliseconds / 3_600_000)
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}
