const known = new Map([
  ['cluster', 'ISTIO_META_CLUSTER_ID'],
  ['net', 'ISTIO_META_NETWORK'],
])
const listed = ':ENV:'

/**
 * Environment that the webhook's path sets on the proxy, `/inject/KEY/VALUE/...` or `/inject/:ENV:KEY=VALUE...`
 * (pkg/kube/inject/webhook.go parseInjectEnvs). `--slash--` in a value is a slash; a key without a value is dropped.
 */
export function injectionEnvironment(path: string): ReadonlyMap<string, string> {
  const rest = path.replace(/\/$/, '').split('/').slice(2).join('/')
  const environment = new Map<string, string>()
  for (const [key, value] of rest.startsWith(listed) ? listedPairs(rest) : slashPairs(rest)) {
    const name = known.get(key) ?? key.toUpperCase()
    if (name !== '') environment.set(name, value)
  }
  return environment
}

function slashPairs(rest: string): readonly (readonly [string, string])[] {
  const parts = rest.split('/')
  const pairs: (readonly [string, string])[] = []
  for (let place = 0; place + 1 < parts.length; place += 2) {
    pairs.push([parts[place] ?? '', (parts[place + 1] ?? '').replaceAll('--slash--', '/')])
  }
  return pairs
}

function listedPairs(rest: string): readonly (readonly [string, string])[] {
  return rest.split(listed).flatMap((pair) => {
    const equals = pair.indexOf('=')
    return equals < 1 ? [] : [[pair.slice(0, equals), pair.slice(equals + 1)] as const]
  })
}
