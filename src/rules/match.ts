import {z} from 'zod'
import {meaning, section} from '../config/value.ts'
import {expressionFault} from './expression.ts'
import {holding, httpMethod, type Condition} from './value.ts'

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

/** Which requests a route is for. */
export const match = holding(
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
