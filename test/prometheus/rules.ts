import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parse} from 'yaml'
import {z} from 'zod'

export const manifests = join(import.meta.dirname, '..', '..', 'manifests')

const ruleFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string().optional(),
      rules: z.array(
        z.strictObject({
          alert: z.string().optional(),
          record: z.string().optional(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.record(z.string(), z.string()).optional(),
          annotations: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
})

export type Rule = z.infer<typeof ruleFile>['groups'][number]['rules'][number]

/** The groups of a file of rules under `manifests`. */
export function groupsIn(file: string): z.infer<typeof ruleFile>['groups'] {
  return ruleFile.parse(parse(readFileSync(join(manifests, file), 'utf8'))).groups
}

export function rulesIn(file: string): readonly Rule[] {
  return groupsIn(file).flatMap(({rules}) => rules)
}
