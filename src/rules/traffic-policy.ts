import {z} from 'zod'
import {meaning, section} from '../config/value.ts'
import {retryConditions} from '../intent/intent.ts'
import {
  holding,
  list,
  listMap,
  milliseconds,
  name,
  ruleDuration,
  texts,
  versionName,
  wholeNumber,
  type Condition,
} from './value.ts'
import {areLabels, celIsLabel} from './label.ts'
import {match} from './match.ts'
import {comparable} from './version.ts'

/** What CEL compares versions by, as `comparable` does. */
const celComparable = (version: string) => `${version}.replace('v', '', ${version}.matches('^v[0-9]') ? 1 : 0)`

const share = section(
  {
    version: versionName('The version that gets the share.'),
    service: name(
      'Another service of the same namespace, all of whose pods run the version; absent: the version is one of spec.versions.',
    ).optional(),
    weight: wholeNumber(0, 100, 'The share in percent.'),
  },
  'The share of a version.',
)
type Share = z.output<typeof share>

const sharesSum: Condition<readonly Share[]> = {
  cel: 'self.map(share, share.weight).sum() == 100',
  message: 'weights must sum to 100',
  holds: (shares) => shares.reduce((sum, {weight}) => sum + weight, 0) === 100,
}
const differentVersions = (self: string): Condition<readonly {readonly version: string}[]> => ({
  cel: `self.all(one, self.exists_one(other, ${celComparable('other.' + self)} == ${celComparable('one.' + self)}))`,
  message: 'names a version twice (a leading v before a digit does not count)',
  holds: (items) => new Set(items.map(({version}) => comparable(version))).size === items.length,
})

const routeSplit = holding(
  list(share, 32, 'a list of 1 to 32 shares', 'Where the requests go; absent: as all others do.'),
  [sharesSum, differentVersions('version')],
)
const split = holding(
  listMap(
    share,
    ['version'],
    32,
    'a list of at most 32 shares',
    'Shares of the traffic; weights sum to 100. Each writer owns the shares of its versions.',
  ),
  [sharesSum, differentVersions('version')],
)

const timeout = ruleDuration('The longest that a call may take, all tries included.')
const conditions = list(
  z
    .enum(retryConditions)
    .meta(
      meaning(
        `one of ${retryConditions.join(', ')}`,
        'A failure, in the words of Envoy: gateway-error is 502, 503 and 504.',
      ),
    ),
  retryConditions.length,
  `a list of ${retryConditions.join(', ')}`,
  'Which failures are tried again; absent: gateway-error, reset, connect-failure, refused-stream.',
)
const retries = holding(
  section(
    {
      attempts: wholeNumber(0, 25, 'Tries after the first one; 0: none.'),
      perTryTimeout: ruleDuration('The longest that one try may take.').optional(),
      on: conditions.optional(),
      // To kubectl, as to all of Kubernetes' YAML 1.1, a bare `on` is the boolean, and as a key it is this text.
      true: conditions.describe('What YAML makes of on without quotes; the same.').optional(),
    },
    'What is tried again.',
  ),
  [
    {
      cel: '!(has(self.on) && has(self.__true__))',
      message: 'on stands here twice: in quotes, and as the true that YAML makes of it without',
      holds: (retries) => retries.on === undefined || retries.true === undefined,
    },
  ],
)
interface Timed {
  readonly timeout?: string | undefined
  readonly retries?: {readonly perTryTimeout?: string | undefined} | undefined
}
const tryWithinTotal: Condition<Timed> = {
  cel: '!has(self.timeout) || !has(self.retries) || !has(self.retries.perTryTimeout) || duration(self.retries.perTryTimeout) <= duration(self.timeout)',
  message: 'retries.perTryTimeout must not be longer than timeout, which is for all tries together',
  holds: ({timeout, retries}) =>
    timeout === undefined ||
    retries?.perTryTimeout === undefined ||
    (milliseconds(retries.perTryTimeout) ?? 0) <= (milliseconds(timeout) ?? Infinity),
}

const route = holding(
  section(
    {
      match,
      split: routeSplit.optional(),
      timeout: timeout.describe('In the place of spec.timeout.').optional(),
      retries: retries.describe('In the place of spec.retries.').optional(),
    },
    'What some of the requests get.',
  ),
  [tryWithinTotal],
)

const labels = holding(texts(16, 'Labels of its pods; absent: version: NAME.'), [
  {
    cel: 'size(self) > 0',
    message: 'name at least one label, or leave labels out',
    holds: (labels) => Object.keys(labels).length > 0,
  },
  {
    cel: `self.all(key, ${celIsLabel})`,
    message: 'labels must be such as pods can carry',
    holds: areLabels,
  },
])
const version = section(
  {
    name: versionName('The version, such as v1.0.0.'),
    labels: labels.optional(),
  },
  'A version of the service.',
)

const circuitBreaker = holding(
  section(
    {
      threshold: wholeNumber(
        1,
        1000,
        'Consecutive failures (5xx, resets, refused connections) of one endpoint after which it is ejected.',
      ),
      timeout: ruleDuration('How long an endpoint is ejected the first time; absent: 30s.').optional(),
      recovery: ruleDuration('The longest that an endpoint is ever ejected; absent: twice timeout.').optional(),
    },
    'When an endpoint that keeps failing gets no more requests.',
  ),
  [
    {
      cel: "!has(self.recovery) || duration(self.recovery) >= duration(has(self.timeout) ? self.timeout : '30s')",
      message: 'recovery, the longest ejection, must not be shorter than timeout, the first one',
      holds: ({timeout = '30s', recovery}) =>
        recovery === undefined || (milliseconds(recovery) ?? Infinity) >= (milliseconds(timeout) ?? 0),
    },
  ],
)

/** The spec of a TrafficPolicy: the traffic of one service. */
export const trafficPolicySchema = holding(
  section(
    {
      service: name('The service whose traffic this is; metadata.name is the same unless namespace is given.'),
      namespace: name(
        "The service's namespace; absent: that of the TrafficPolicy. Another one needs a ReferenceGrant there.",
      ).optional(),
      versions: holding(
        listMap(
          version,
          ['name'],
          32,
          'a list of at most 32 versions',
          'Versions of the service by the labels of their pods; each writer owns its own.',
        ),
        [
          {
            ...differentVersions('name'),
            holds: (all) => differentVersions('name').holds(all.map(({name}) => ({version: name}))),
          },
        ],
      ).optional(),
      split: split.optional(),
      canary: section(
        {
          version: versionName('The new version.'),
          percent: wholeNumber(0, 100, 'Its share in percent; the other versions share the rest alike.'),
        },
        'A share of the traffic for a new version.',
      ).optional(),
      routes: list(
        route,
        32,
        'a list of 1 to 32 routes',
        'Some of the requests; the first match wins, and what none matches is split.',
      ).optional(),
      timeout: timeout.optional(),
      retries: retries.optional(),
      circuitBreaker: circuitBreaker.optional(),
    },
    'The traffic of one service.',
  ),
  [
    {
      cel: '!has(self.split) || !has(self.canary)',
      message: 'give split or canary, not both',
      holds: ({split, canary}) => split === undefined || canary === undefined,
    },
    tryWithinTotal,
  ],
)

export type TrafficPolicySpec = z.output<typeof trafficPolicySchema>

/** What holds between the name of a TrafficPolicy and its spec: a service has one in its own namespace. */
export const trafficPolicyName = {
  cel: 'has(self.spec.namespace) || self.metadata.name == self.spec.service',
  message: 'metadata.name must be spec.service, unless spec.namespace is given',
  holds: (name: string, {namespace, service}: TrafficPolicySpec) => namespace !== undefined || name === service,
} as const
