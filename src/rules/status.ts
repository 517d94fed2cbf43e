import {z} from 'zod'
import {meaning, section} from '../config/value.ts'
import {listMap} from './value.ts'

const line = (most: number, description: string) => z.string().max(most).meta(meaning('a text', description))
const whole = (description: string) => z.number().int().min(0).meta(meaning('a whole number', description))

const condition = section(
  {
    type: line(64, 'Accepted, Programmed or Approximated.'),
    status: z.enum(['True', 'False', 'Unknown']).meta(meaning('True, False or Unknown', 'Whether it is so.')),
    reason: line(256, 'Why, in one word.'),
    message: line(32768, 'Why, in one sentence.'),
    observedGeneration: whole('The generation that this is about.').optional(),
    lastTransitionTime: z
      .string()
      .meta({...meaning('a time', 'When the status last became another one.'), format: 'date-time'}),
  },
  'What is known of the rule.',
)

const finding = section(
  {
    kind: z
      .enum(['approximated', 'ignored', 'refused'])
      .meta(
        meaning(
          'approximated, ignored or refused',
          'approximated: something is lost; ignored: it has no effect; refused: it is not written.',
        ),
      ),
    code: line(16, 'A code of the reference, such as MW6001.'),
    feature: line(64, 'What of the rule it is about.'),
    path: line(1024, 'Where in the rule.'),
    message: line(4096, 'What is lost, or why not, in one sentence.'),
  },
  'What a mesh makes of a part of the rule.',
)

/** The status of every rule object. */
export const statusSchema = section(
  {
    observedGeneration: whole('The newest generation that was looked at.').optional(),
    conditions: listMap(condition, ['type'], 8, 'a list of conditions', 'What is known of the rule.').optional(),
    findings: z
      .array(finding)
      .max(32)
      .meta({
        ...meaning('a list of findings', 'What the mesh cannot say, or says only nearly.'),
        'x-kubernetes-list-type': 'atomic',
      })
      .optional(),
  },
  'What became of the rule.',
)
