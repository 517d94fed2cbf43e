/** A spec that is refused, by the API server and by whoever reads rules without one, in the same words. */
export type Wrong = readonly [told: string, spec: Readonly<Record<string, unknown>>, message: string]

const v1 = {version: 'v1', weight: 100}
const limited = (timeout: string, perTryTimeout: string) => ({timeout, retries: {attempts: 1, perTryTimeout}})
const onRoute = (match: object, more: object = {}) => ({routes: [{match, ...more}]})
const tooLong = 'retries.perTryTimeout must not be longer than timeout'

/** Specs of a TrafficPolicy called `orders`, but for `service: orders` where they name none. */
export const wrongTraffic: readonly Wrong[] = [
  [
    'weights that do not sum to 100',
    {
      split: [
        {version: 'v1', weight: 80},
        {version: 'v2', weight: 30},
      ],
    },
    'weights must sum to 100',
  ],
  ['no share at all', {split: []}, 'weights must sum to 100'],
  [
    'a version twice in a split',
    {
      split: [
        {version: 'v1', weight: 50},
        {version: '1', weight: 50},
      ],
    },
    'names a version twice',
  ],
  ['a version twice', {versions: [{name: 'v1.0.0'}, {name: '1.0.0'}]}, 'names a version twice'],
  ['no label at all', {versions: [{name: 'v1', labels: {}}]}, 'name at least one label, or leave labels out'],
  [
    'a label that no pod can carry',
    {versions: [{name: 'v1', labels: {version: 'a b'}}]},
    'labels must be such as pods',
  ],
  ['a key that no pod can carry', {versions: [{name: 'v1', labels: {'a b/c': 'v1'}}]}, 'labels must be such as pods'],
  ['a split and a canary', {split: [v1], canary: {version: 'v2', percent: 10}}, 'give split or canary, not both'],
  ['a try longer than all', limited('1s', '1500ms'), tooLong],
  ['a try longer than all, on a route', onRoute({path: '/'}, limited('1s', '2s')), tooLong],
  ['another service than its name', {service: 'payments'}, 'metadata.name must be spec.service'],
  ['a route for everything', onRoute({}), 'match a path, a method or a header'],
  ['two paths', onRoute({path: '/a', pathPrefix: '/b'}), 'give at most one of path, pathPrefix and pathRegex'],
  ['a header in capitals', onRoute({headers: {'X-User': {exact: 'qa'}}}), 'write names of headers in lower case'],
  ['no header at all', onRoute({headers: {}}), 'name at least one header, or leave headers out'],
  [
    'a header of two minds',
    onRoute({headers: {'x-user': {exact: 'qa', prefix: 'q'}}}),
    'give a header exactly one of exact, prefix, regex, present',
  ],
  [
    'weights of a route that do not sum to 100',
    onRoute({path: '/'}, {split: [{version: 'v1', weight: 1}]}),
    'weights must sum to 100',
  ],
  [
    'a recovery before the first ejection ends',
    {circuitBreaker: {threshold: 5, timeout: '30s', recovery: '10s'}},
    'recovery, the longest ejection, must not be shorter than timeout',
  ],
  [
    'a recovery shorter than the usual ejection',
    {circuitBreaker: {threshold: 5, recovery: '10s'}},
    'recovery, the longest ejection, must not be shorter than timeout',
  ],
  ['conditions twice', {retries: {attempts: 1, on: ['5xx'], true: ['reset']}}, 'on stands here twice'],
]

/** Specs of an AccessPolicy, but for `destination` and `action: ALLOW`. */
export const wrongAccess: readonly Wrong[] = [
  ['a caller without a name', {from: [{}]}, 'name a service, a namespace, or both'],
]
