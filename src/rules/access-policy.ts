import {z} from 'zod'
import {meaning, section} from '../config/value.ts'
import {holding, httpMethod, list, name} from './value.ts'

const caller = holding(
  section(
    {
      service: name('The service that calls; absent: every service of the namespace.').optional(),
      namespace: name("The caller's namespace; absent: that of the AccessPolicy.").optional(),
    },
    'Who calls.',
  ),
  [
    {
      cel: 'has(self.service) || has(self.namespace)',
      message: 'name a service, a namespace, or both',
      holds: ({service, namespace}) => service !== undefined || namespace !== undefined,
    },
  ],
)

const path = z
  .string()
  .max(1024)
  .regex(/^\/[!-)+-~]*\*?$/)
  .meta(meaning('a path that begins with /, with * at most at its end', 'A path; with * at the end, its prefix.'))

/** The spec of an AccessPolicy: one rule on its destination. All rules on one destination together make one answer. */
export const accessPolicySchema = section(
  {
    destination: name('The service that is called.'),
    namespace: name(
      "The destination's namespace; absent: that of the AccessPolicy. Another one needs a ReferenceGrant there.",
    ).optional(),
    action: z
      .enum(['ALLOW', 'DENY'])
      .meta(
        meaning(
          'ALLOW or DENY',
          'ALLOW: whoever no ALLOW rule names is turned away; DENY: whoever is named is turned away, whatever else allows it.',
        ),
      ),
    from: list(caller, 128, 'a list of 1 to 128 callers', 'Who calls; absent: everybody.').optional(),
    methods: list(httpMethod('An HTTP method.'), 9, 'a list of HTTP methods', 'Absent: every method.').optional(),
    paths: list(path, 64, 'a list of 1 to 64 paths', 'Absent: every path.').optional(),
  },
  'Who may call a service.',
)

export type AccessPolicySpec = z.output<typeof accessPolicySchema>
