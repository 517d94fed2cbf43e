import {admissionCodes} from './admission.ts'
import {certificateCodes} from './certificates.ts'
import {configCodes} from './config.ts'
import {decisions, type Entry} from './decisions.ts'
import {findings} from './findings.ts'
import {refusals} from './refusals.ts'
import {ruleCodes} from './rules.ts'

const chapters: readonly {readonly heading: string; readonly told: string; readonly entries: Record<string, Entry>}[] =
  [
    {
      heading: 'Why a pod got a sidecar, or did not',
      told: 'In the audit annotations of every answer, in the log, in the metrics, in `explain` and `check-inject`.',
      entries: decisions,
    },
    {heading: 'Why a pod was refused', told: 'In the message that `kubectl` shows.', entries: refusals},
    {
      heading: 'What became of a wish that a mesh cannot follow',
      told: 'In the warnings of an answer and on stderr of `inject`; each names its key.',
      entries: findings,
    },
    {
      heading: 'What became of a rule',
      told: 'In the status of the object and on stderr of `render`: MW60xx whatever the mesh, MW61xx Istio, MW62xx Linkerd, MW63xx Consul, MW64xx the controller.',
      entries: ruleCodes,
    },
    {heading: 'Why a configuration was not taken', told: 'With file, line and column.', entries: configCodes},
    {
      heading: "What became of the webhook's certificates",
      told: "In the controller's log and in Events.",
      entries: certificateCodes,
    },
    {heading: 'What the server itself says', told: 'In answers and in the log.', entries: admissionCodes},
  ]

/** The reference page of all codes, `docs/codes.md`. */
export function codesPage(): string {
  const rows = (entries: Record<string, Entry>) =>
    Object.entries(entries).map(([code, {title, sentence, fix}]) => `| ${code} | **${title}** | ${sentence} | ${fix} |`)
  return [
    '# Codes',
    '',
    'Everything that Meshwright tells has a code. This page is generated from `src/codes`.',
    ...chapters.flatMap(({heading, told, entries}) => [
      '',
      `## ${heading}`,
      '',
      told,
      '',
      '| Code | What | Why | What to do |',
      '|---|---|---|---|',
      ...rows(entries),
    ]),
    '',
  ].join('\n')
}
