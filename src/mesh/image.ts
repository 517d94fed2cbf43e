/**
 * `host:5000/team/app` of `host:5000/team/app:1@sha256:...`. By hand, for a regular expression takes a minute over a text as
 * long as a tenant may write.
 */
export function repositoryOf(image: string): string {
  const start = image.lastIndexOf('/') + 1
  const [name = ''] = image.slice(start).split('@', 1)
  const tag = name.lastIndexOf(':')
  return image.slice(0, start + (tag === -1 ? name.length : tag))
}

/** True for an image whose last path segment is `envoy`, whatever its tag or digest. */
export function isPlainEnvoy(image: string): boolean {
  return image.slice(image.lastIndexOf('/') + 1).split(/[:@]/, 1)[0] === 'envoy'
}
