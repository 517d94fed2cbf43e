import {z} from 'zod'
import {meaning, section} from '../config/value.ts'
import {retryConditions} from '../intent/intent.ts'
import {
  holding,
  httpMethod,
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
import {expressionFault} from './expression.ts'
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

const pathText = (pattern: RegExp, expects: string, description: string) =>
  z.string().min(1).max(1024).regex(pattern).meta(meaning(expects, description))
const path = (description: string) => pathText(/^\/[!-~]*$/, 'a path that begins with /', description)
/** Printable; a control character could not be in a header or a path. */
const printable = (description: string) => pathText(/^[ -~]+$/, 'a text of printable ASCII characters', description)

const expression = (description: string) =>
  printable(description)
    .refine((text) => expressionFault(text) === undefined)
    .meta(meaning('a regular expression that RE2 can read', description))

function exactlyOne(fields: readonly string[], subject: string): Condition<Readonly<Record<string, unknown>>> {
  const cel = fields.map((field) => `(has(self.${field}) ? 1 : 0)`).join(' + ')
  return {
    cel: `${cel} == 1`,
    message: `give ${subject} exactly one of ${fields.join(', ')}`,
    holds: (value) => fields.filter((field) => value[field] !== undefined).length === 1,
  }
}

const header = holding(
  section(
    {
      exact: printable('The whole value.').optional(),
      prefix: printable('How the value begins.').optional(),
      regex: expression('A regular expression (RE2) over the whole value.').optional(),
      present: z.literal(true).meta(meaning('true', 'true: the header is there, whatever its value.')).optional(),
    },
    'What the value of the header must be.',
  ),
  [exactlyOne(['exact', 'prefix', 'regex', 'present'], 'a header')],
)
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,256}$/
const headers = holding(
  z.record(z.string(), header).meta({
    ...meaning(
      'a map of at most 16 headers by name',
      'Headers that must be there, by name in lower case; all of them.',
    ),
    maxProperties: 16,
  }),
  [
    {
      cel: "self.all(name, name.matches('^[a-z0-9!#$%&\\'*+.^_`|~-]{1,256}$'))",
      message: 'write names of headers in lower case, with characters that a header may have',
      holds: (byName) => Object.keys(byName).every((name) => headerName.test(name)),
    },
    {
      cel: 'size(self) > 0',
      message: 'name at least one header, or leave headers out',
      holds: (byName) => Object.keys(byName).length > 0,
    },
  ],
)

const match = holding(
  section(
    {
      path: path('The whole path.').optional(),
      pathPrefix: path('How the path begins.').optional(),
      pathRegex: expression('A regular expression (RE2) over the whole path.').optional(),
      method: httpMethod('The HTTP method.').optional(),
      headers: headers.optional(),
    },
    'Which requests the route is for: all of it must hold.',
  ),
  [
    {
      cel: '(has(self.path) ? 1 : 0) + (has(self.pathPrefix) ? 1 : 0) + (has(self.pathRegex) ? 1 : 0) <= 1',
      message: 'give at most one of path, pathPrefix and pathRegex',
      holds: ({path, pathPrefix, pathRegex}) =>
        [path, pathPrefix, pathRegex].filter((one) => one !== undefined).length <= 1,
    },
    {
      cel: 'has(self.path) || has(self.pathPrefix) || has(self.pathRegex) || has(self.method) || has(self.headers)',
      message:
        'match a path, a method or a header; what every request gets stands in spec.split, spec.timeout and spec.retries',
      holds: (match) => Object.values(match).some((part) => part !== undefined),
    },
  ],
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

const version = section(
  {
    name: versionName('The version, such as v1.0.0.'),
    labels: texts(16, 'Labels of its pods; absent: version: NAME.').optional(),
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
